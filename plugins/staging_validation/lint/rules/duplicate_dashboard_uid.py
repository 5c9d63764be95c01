"""Two dashboards with one uid overwrite each other."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context, FileSet
from staging_validation.lint.dashboard_facts import is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(files: FileSet, _context: Context) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for file, dashboard in files.dashboards():
        if not dashboard.uid or not is_whole(dashboard):
            continue
        other = first.setdefault(dashboard.uid, file.path)
        if other != file.path:
            yield Fault(
                f"The uid {dashboard.uid} is also that of {other}: Grafana shows only one of the two, and which one "
                "changes with every reload.",
                "give this dashboard a uid of its own",
                pointer=dashboard.uid_pointer,
                file=file.path,
                evidence={"uid": dashboard.uid, "other_file": other},
            )


RULE = Rule(
    id="duplicate-dashboard-uid",
    summary="Two dashboards have the same uid.",
    severity=Severity.ERROR,
    subject=FileSet,
    check=_check,
    classes=("A6",),
)
