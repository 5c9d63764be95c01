"""A panel that shows data needs a query that is asked."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import PROMETHEUS_TYPES, Panel, Target, TargetKind
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import SHOWS_DATA, targets_pointer
from staging_validation.lint.rule import Fault, Rule


def _check(panel: Panel, _context: Context) -> Iterator[Fault]:
    if panel.type not in SHOWS_DATA or "snapshotData" in panel.raw:
        return
    if not panel.targets:
        if panel.library is None:
            yield Fault(
                "The panel has no query, so it is always empty.",
                "give it a query, or remove it",
                pointer=targets_pointer(panel),
            )
        return
    shown = [target for target in panel.targets if not target.hidden]
    if not shown:
        yield Fault(
            "All queries of the panel are hidden, so it is always empty.",
            "show the query that the panel is about: remove its hide (hidden)",
            pointer=targets_pointer(panel),
        )
    yield from (_empty(target, alone=len(shown) == 1) for target in shown if _is_empty(target))


def _is_empty(target: Target) -> bool:
    if target.kind is not TargetKind.PROMQL or target.expr.strip():
        return False
    return (
        target.datasource_type in PROMETHEUS_TYPES or "expr" in target.raw or "datasource" not in target.raw
    )


def _empty(target: Target, *, alone: bool) -> Fault:
    what = "the panel is always empty" if alone else "it gives nothing to the panel"
    return Fault(
        f"The query {target.ref_id} is empty, so {what}.",
        "write the query, or remove it",
        pointer=target.expr_pointer,
        ref_id=target.ref_id,
        severity=None if alone else Severity.WARNING,
    )


RULE = Rule(
    id="panel-without-query",
    summary="A panel that shows data has no query, only hidden ones, or an empty one.",
    severity=Severity.ERROR,
    subject=Panel,
    check=_check,
    classes=("B2",),
)
