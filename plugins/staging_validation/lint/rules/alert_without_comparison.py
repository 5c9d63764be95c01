"""An alert fires for every series that its query gives, also for those with the value 0."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.alert_facts import has_condition, readable
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics, metric_name
from staging_validation.promql.tree import Binary, Call, MatrixSelector, VectorSelector

_OF_COUNTERS = frozenset({"rate", "irate", "increase"})


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    query = readable(context)
    if query is None or query.tree is None or has_condition(query.tree):
        return
    if any(binary.returns_bool for binary in query.pieces(Binary)):
        return  # alert-never-resolves speaks of it
    selectors = query.pieces(VectorSelector)  # without any, vector(1) is meant to fire: a dead man's switch
    if selectors and all(_is_there_when_well(query, selector, context.known) for selector in selectors):
        yield Fault(
            f"{rule.alert} has no condition: it fires for every series that its query gives, whatever the value, and "
            "goes on as long as there is one.",
            "compare with a number: … > 0.1",
            pointer=rule.expr_pointer,
            span=query.original(query.tree.span),
        )


def _is_there_when_well(query: Query, selector: VectorSelector, known: KnownMetrics | None) -> bool:
    """Tell whether a selector surely gives series also when nothing is wrong; of others nobody knows."""
    name = metric_name(selector)
    if name is None or name.startswith("ALERTS"):
        return False
    if known is not None and known.of_selector(selector) is not None:
        return True
    window = query.parent(selector)
    call = query.parent(window) if isinstance(window, MatrixSelector) else None
    return isinstance(call, Call) and call.function.text in _OF_COUNTERS


RULE = Rule(
    id="alert-without-comparison",
    summary="An alert's query has no condition.",
    severity=Severity.WARNING,
    subject=AlertingRule,
    check=_check,
    classes=("R3",),
)
