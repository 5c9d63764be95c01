"""``absent()`` gives one series, and only when everything is gone: one of several goes missing unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.alert_facts import readable
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.matchers import named_values
from staging_validation.promql.tree import (
    Aggregation,
    Call,
    Expr,
    MatchOperator,
    MatrixSelector,
    VectorSelector,
    without_parens,
)

_FUNCTIONS = ("absent", "absent_over_time")


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    query = readable(context)
    if query is None:
        return
    for call in query.calls(*_FUNCTIONS):
        fault = _fault(rule, query, call, without_parens(call.arguments[0]))
        if fault is not None:
            yield fault


def _fault(rule: AlertingRule, query: Query, call: Call, argument: Expr) -> Fault | None:
    function = call.function.text
    if isinstance(argument, Aggregation):
        grouping = argument.grouping
        if grouping is None or grouping.without or not grouping.labels:
            return None
        named = ", ".join(label.text for label in grouping.labels)
        message = f"{function}() gives nothing as long as there is one series, whatever its {named}"
        span = grouping.span
        remedy = f'write one alert for each {named}: {function}(x{{{grouping.labels[0].text}="…"}})'
    else:
        selector = argument.vector if isinstance(argument, MatrixSelector) else argument
        if not isinstance(selector, VectorSelector):
            return None
        several = [matcher for matcher in selector.matchers if len(named_values(matcher) or ()) > 1]
        several = [matcher for matcher in several if matcher.operator is MatchOperator.REGEX]
        if not several:
            return None
        matcher, label = several[0], several[0].label.text
        named = " and ".join(sorted(named_values(matcher) or ()))
        message = f"{function}() gives something only when {named} are all gone, and does not say which"
        span = matcher.span
        each = f' or {function}(…{{{label}="'.join(
            f'{value}"}})' for value in sorted(named_values(matcher) or ())
        )
        remedy = f'ask for each of them: {function}(…{{{label}="{each}'
    return Fault(
        f"{message}: {rule.alert} does not notice when one of them is missing.",
        remedy,
        pointer=rule.expr_pointer,
        span=query.original(span),
    )


RULE = Rule(
    id="absent-needs-labels",
    summary="absent() of several series notices only that all of them are gone.",
    severity=Severity.WARNING,
    subject=AlertingRule,
    check=_check,
    classes=("R11",),
)
