"""The queries of a panel need letters of their own: results, expressions and overrides name them by it."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Panel
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(panel: Panel, _context: Context) -> Iterator[Fault]:
    seen: set[str] = set()
    for target in panel.targets:
        if not target.ref_id:
            yield Fault(
                "The query has no refId, so nothing can name it, and Grafana gives it whichever letter is free.",
                'give it a letter: "refId": "A"',
                pointer=target.ref_id_pointer,
                severity=Severity.INFO,
            )
        elif target.ref_id in seen:
            yield Fault(
                f"The refId {target.ref_id} is that of another query of this panel too: the results of one replace "
                "those of the other.",
                "give it a letter that no other query of the panel has",
                pointer=target.ref_id_pointer,
                evidence={"ref_id": target.ref_id},
                ref_id=target.ref_id,
            )
        seen.add(target.ref_id)


RULE = Rule(
    id="duplicate-ref-id",
    summary="Two queries of a panel have the same refId, or one has none.",
    severity=Severity.ERROR,
    subject=Panel,
    check=_check,
    classes=("A9",),
)
