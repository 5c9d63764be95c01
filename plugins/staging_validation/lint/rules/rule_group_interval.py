"""A rule sees only what is there when its group is evaluated: shorter times than the group's interval are lost."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule, RecordingRule
from staging_validation.lint.alert_facts import below, readable
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Call, MatrixSelector, Subquery, without_parens

_WHOLE_WINDOW = frozenset(
    {"rate", "increase", "delta", "changes", "resets", "absent_over_time"}
    | {f"{what}_over_time" for what in ("avg", "min", "max", "sum", "count", "quantile", "stddev", "stdvar")}
)
"""Functions that are asked for everything that happened; the others look at the newest samples."""


def _check(rule: AlertingRule | RecordingRule, context: Context) -> Iterator[Fault]:
    interval = context.rule_group.interval_seconds if context.rule_group else None
    if interval is None:
        return
    if isinstance(rule, AlertingRule):
        yield from _short_waits(rule, interval)
    query = readable(context)
    for call in query.pieces(Call) if query else ():
        if query is None or call.function.text not in _WHOLE_WINDOW:
            continue
        window = without_parens(call.arguments[-1])
        inside = any(isinstance(piece, Subquery) for piece in query.ancestors(call))
        if isinstance(window, MatrixSelector) and window.window.seconds < interval and not inside:
            yield Fault(
                f"{rule.name} looks at {window.window.seconds:g} s every {interval:g} s: what happens in between is "
                "never seen.",
                f"make the window at least {interval:g} s, or evaluate the group more often",
                pointer=rule.expr_pointer,
                span=query.original(window.window.span),
                evidence={"window_seconds": window.window.seconds, "interval_seconds": interval},
            )


def _short_waits(rule: AlertingRule, interval: float) -> Iterator[Fault]:
    for key, seconds in (("for", rule.for_seconds), ("keep_firing_for", rule.keep_firing_for_seconds)):
        if 0 < seconds < interval:
            yield Fault(
                f"`{key}` of {rule.alert} is {seconds:g} s, but its group is evaluated every {interval:g} s: it waits "
                f"{interval:g} s in fact.",
                f"write {interval:g}s or more, or evaluate the group more often",
                pointer=below(rule.pointer, key),
                evidence={f"{key}_seconds": seconds, "interval_seconds": interval},
            )


RULE = Rule(
    id="rule-group-interval",
    summary="A rule waits or looks back for less time than passes between two evaluations of its group.",
    severity=Severity.WARNING,
    subject=(AlertingRule, RecordingRule),
    check=_check,
    classes=("R10",),
)
