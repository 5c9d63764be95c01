"""Every query must be PromQL that Prometheus accepts."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.errors import TypeFault
from staging_validation.promql.runs import run_faults

_UTF8_NAMES = (3, 0)
_RULES = (QueryKind.ALERT, QueryKind.RECORD)


def _check(query: Query, context: Context) -> Iterator[Fault]:
    if query.fault is not None:
        yield Fault(query.fault.message, query.fault.remedy or "", span=query.original(query.fault.span))
    for fault in query.type_faults or _run_faults(query, context):
        yield Fault(fault.message, fault.remedy, span=query.original(fault.span))


def _run_faults(query: Query, context: Context) -> tuple[TypeFault, ...]:
    if query.tree is None:
        return ()
    return run_faults(
        query.tree,
        range_query=query.range_query or query.kind in _RULES,
        any_label_name=context.settings.target_prometheus >= _UTF8_NAMES,
    )


RULE = Rule(
    id="query-syntax",
    summary="A query is no PromQL, or its parts are of types that do not fit together.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D1",),
)
