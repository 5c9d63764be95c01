"""Two dashboards of one folder with one title cannot be told apart."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard
from staging_validation.lint.context import Context, DashboardFile, FileSet
from staging_validation.lint.dashboard_facts import is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(files: FileSet, _context: Context) -> Iterator[Fault]:
    first: dict[tuple[str, str, str], tuple[DashboardFile, Dashboard]] = {}
    for file, dashboard in files.dashboards():
        title = dashboard.title.strip()
        if not title or not is_whole(dashboard):
            continue
        key = (file.path.rpartition("/")[0], dashboard.folder, title)
        other_file, other = first.setdefault(key, (file, dashboard))
        # Two with one uid are one dashboard: duplicate-dashboard-uid says so.
        if other is not dashboard and (not dashboard.uid or dashboard.uid != other.uid):
            yield Fault(
                f"The title {title!r} is also that of {other_file.path} in the same folder: nobody can tell the two "
                "apart, and older Grafanas refuse the second.",
                "say in the title what is different",
                pointer=f"{dashboard.body}/title",
                file=file.path,
                evidence={"title": title, "other_file": other_file.path},
            )


RULE = Rule(
    id="duplicate-dashboard-title",
    summary="Two dashboards of one folder have the same title.",
    severity=Severity.WARNING,
    subject=FileSet,
    check=_check,
    classes=("A6",),
)
