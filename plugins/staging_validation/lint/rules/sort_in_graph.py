"""A graph has no order: every step is sorted anew, and then the order is thrown away."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.query_facts import calls
from staging_validation.lint.rule import Fault, Rule

_SORTING = frozenset({"sort", "sort_desc", "sort_by_label", "sort_by_label_desc"})


def _check(query: Query, _context: Context) -> Iterator[Fault]:
    if query.kind is not QueryKind.TARGET or not query.range_query:
        return
    target = query.owner.target
    if target is not None and target.instant:
        return  # asked both ways: the instant answer is sorted
    for call in calls(query, _SORTING):
        yield Fault(
            f"{call.function.text}() has no effect on a query over a range: Prometheus answers it in the order of the "
            "labels, so the panel is not sorted as it seems.",
            "make it an instant query, or sort in the panel: by its legend or with the transformation Sort by",
            span=query.original(call.function.span),
            evidence={"function": call.function.text},
        )


RULE = Rule(
    id="sort-in-graph",
    summary="sort() has no effect on a query over a range.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D19",),
)
