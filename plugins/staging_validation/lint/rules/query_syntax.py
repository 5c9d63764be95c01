"""Every query must be PromQL that Prometheus accepts."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Expr, ValueType

_NO_NUMBERS = (ValueType.MATRIX, ValueType.STRING)


def _check(query: Query, _context: Context) -> Iterator[Fault]:
    if query.fault is not None:
        yield Fault(query.fault.message, query.fault.remedy or "", span=query.original(query.fault.span))
    for fault in query.type_faults:
        yield Fault(fault.message, fault.remedy, span=query.original(fault.span))
    if query.tree is not None and not query.type_faults and query.value_type in _NO_NUMBERS:
        yield from _without_numbers(query, query.tree)


def _without_numbers(query: Query, tree: Expr) -> Iterator[Fault]:
    """Yield a fault where a graph or a rule needs numbers; a table may show a range vector."""
    in_rule = query.kind in (QueryKind.ALERT, QueryKind.RECORD)
    if in_rule or query.range_query:
        kind = query.value_type.value if query.value_type else ""
        yield Fault(
            f"The query gives a {kind}, but {'a rule' if in_rule else 'a graph'} takes one number for each series at "
            "each time, so Prometheus refuses it.",
            "put a function around it that makes numbers of it, such as rate(…) or last_over_time(…)",
            span=query.original(tree.span),
        )


RULE = Rule(
    id="query-syntax",
    summary="A query is no PromQL, or its parts are of types that do not fit together.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D1",),
)
