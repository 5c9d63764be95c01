"""``for`` waits for one series to stay; a query that gives other series from time to time starts it anew."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.alert_facts import readable
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Aggregation

_PICKING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    query = readable(context)
    if query is None or not rule.for_seconds:
        return
    for aggregation in query.pieces(Aggregation):
        name = aggregation.operator.text
        if name in _PICKING and not _is_summed_up(query, aggregation):
            yield Fault(
                f"{name}() picks other series from time to time: for one that drops out, `for` of {rule.alert} starts "
                "anew, though it is as bad as before.",
                f"compare without {name}(); an alert may fire for many series",
                pointer=rule.expr_pointer,
                span=query.original(aggregation.operator.span),
            )
    for call in query.calls("irate"):
        yield Fault(
            f"irate() sees the last two samples only: one quiet moment starts `for` of {rule.alert} anew.",
            "use rate(), which sees the whole window",
            pointer=rule.expr_pointer,
            span=query.original(call.function.span),
        )


def _is_summed_up(query: Query, aggregation: Aggregation) -> bool:
    above = (piece for piece in query.ancestors(aggregation) if isinstance(piece, Aggregation))
    return any(piece.operator.text not in _PICKING for piece in above)


RULE = Rule(
    id="alert-unstable-for",
    summary="An alert with for takes series that come and go though nothing gets better.",
    severity=Severity.WARNING,
    subject=AlertingRule,
    check=_check,
    classes=("R10",),
)
