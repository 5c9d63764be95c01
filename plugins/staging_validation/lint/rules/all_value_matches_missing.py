"""What stands for All must match what the variable offers, and not series that lack the label."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Variable
from staging_validation.dashboards.variable_uses import text_uses
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import variable_field
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics
from staging_validation.promql.regexes import matches_empty, re2_fault
from staging_validation.promql.tree import Matcher, VectorSelector


def _check(variable: Variable, context: Context) -> Iterator[Fault]:
    text, dashboard = variable.all_value, context.dashboard
    if not variable.include_all or text is None or text_uses(text) or dashboard is None:
        return
    broken, pointer = re2_fault(text), variable_field(variable, "allValue")
    if broken is None and not matches_empty(text):
        return
    found = list(_matchers(variable, context))
    if broken is not None and found:
        yield Fault(
            f"The value {text!r} that stands for All of ${variable.name} is no regular expression, so Prometheus "
            f"refuses every query as soon as All is chosen. {broken.message}",
            'write ".+"',
            pointer=pointer,
            severity=Severity.ERROR,
        )
    elif found:
        lacking = next(
            (name for query, selector, name in found if _may_lack(selector, name, context.known)), None
        )
        message = (
            f"All of ${variable.name} is {text!r}, which also matches series without the label {lacking}: All shows "
            "more than all of the offered values together."
            if lacking
            else f"All of ${variable.name} is {text!r}, which also matches series without the label: should there ever "
            "be some, All shows more than the offered values together."
        )
        yield Fault(
            message,
            'write ".+"',
            pointer=pointer,
            severity=None if lacking else Severity.INFO,
            evidence={"all_value": text, "query": found[0][0].text},
        )


def _matchers(variable: Variable, context: Context) -> Iterator[tuple[Query, VectorSelector, str]]:
    """Yield where queries compare with a variable by a regular expression: query, selector, label."""
    for query in context.queries:
        if context.dashboard is None or not any(use.name == variable.name for use in query.uses):
            continue
        if context.dashboard.variables_of(query.owner.panel).get(variable.name) is not variable:
            continue  # a row's variable of the same name
        for selector in query.pieces(VectorSelector):
            for matcher in selector.matchers:
                if matcher.operator.value == "=~" and _uses(query, matcher, variable):
                    yield query, selector, matcher.label.text


def _uses(query: Query, matcher: Matcher, variable: Variable) -> bool:
    start, end = query.original(matcher.value_span)
    return any(
        use.name == variable.name
        and start <= use.span.start + query.offset
        and use.span.end + query.offset <= end
        for use in query.uses
    )


def _may_lack(selector: VectorSelector, label: str, known: KnownMetrics | None) -> bool:
    """Tell whether a metric is known to have series with the label and series without."""
    found = known.of_selector(selector) if known is not None else None
    return found is not None and label in found[0].optional_labels


RULE = Rule(
    id="all-value-matches-missing",
    summary="What stands for All matches series that lack the label, or is no regular expression.",
    severity=Severity.WARNING,
    subject=Variable,
    check=_check,
    classes=("C4",),
)
