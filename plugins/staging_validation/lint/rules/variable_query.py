"""A variable's query must find values: one of Grafana's functions, over a metric and a label that there are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from staging_validation.dashboards.model import Variable
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import asks_prometheus, is_whole, variable_field
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import close_labels, name_span
from staging_validation.lint.rule import Fault, Rule
from staging_validation.lint.variable_query import VariableForm, VariableQuery, read_variable_query
from staging_validation.promql.known import STAND_IN, KnownMetric, KnownMetrics, metric_name
from staging_validation.promql.regexes import re2_fault
from staging_validation.promql.tree import MatchOperator, VectorSelector

_FUNCTIONS = ("label_values", "label_names", "metrics", "query_result")
_CALLED = re.compile(r"\s*([a-zA-Z_]\w*)\s*\(")
_BROKEN = ("unterminated", "unbalanced", "missing )", "nothing to repeat")
_NAMED_GROUP = re.compile(r"\(\?<(?=[a-zA-Z_])")


def _check(variable: Variable, context: Context) -> Iterator[Fault]:
    if variable.type != "query" or not asks_prometheus(variable.datasource_type):
        return
    if not is_whole(context.dashboard):
        return
    yield from _filter_faults(variable)
    if not variable.query.strip():
        if variable.datasource_type:
            yield Fault(
                f"The variable ${variable.name} has no query, so it has no values.",
                "ask for the values of a label: label_values(metric, label)",
                pointer=variable.query_pointer,
            )
        return
    inside = read_variable_query(variable.query)
    if context.query is not None and (context.query.fault or context.query.type_faults):
        return  # query-syntax says what is wrong
    yield from _form_faults(variable, inside, context.query)
    if context.known is not None:
        yield from _knowledge_faults(variable, inside, context.query, context.known)


def _form_faults(variable: Variable, inside: VariableQuery, query: Query | None) -> Iterator[Fault]:
    if inside.form is VariableForm.QUERY_RESULT and query is not None and query.tree is not None:
        if not variable.regex:
            yield _whole_series(variable, 'up{job="shop"} 1 1767225600000')
    elif inside.form is VariableForm.SERIES and query is not None and query.tree is not None:
        if not variable.regex:
            yield _whole_series(variable, 'up{job="shop"}')
    elif inside.form is VariableForm.SERIES and query is None and not variable.datasource_type:
        called = _CALLED.match(variable.query)
        name = called[1] if called else ""
        close = difflib.get_close_matches(name, _FUNCTIONS, n=1, cutoff=0.75) if name else []
        if close and close[0] != name:
            yield Fault(
                f"Grafana knows no {name}() for variables: it takes the text for a metric's name, and the variable "
                "has no values.",
                f"write {close[0]}(…)",
                pointer=variable.query_pointer,
            )


def _whole_series(variable: Variable, example: str) -> Fault:
    return Fault(
        f"The values of ${variable.name} are whole series, such as {example}, which fit no matcher.",
        "ask for the values of a label, label_values(metric, label), or take a part out with a filter (regex)",
        pointer=variable.query_pointer,
        severity=Severity.WARNING,
    )


def _knowledge_faults(
    variable: Variable, inside: VariableQuery, query: Query | None, known: KnownMetrics
) -> Iterator[Fault]:
    selectors = query.pieces(VectorSelector) if query is not None else ()
    for selector in selectors:
        name = metric_name(selector)
        if name and query is not None and known.of_series(name) is None and ":" not in name:
            yield _no_metric(variable, query, selector, name, known)
    label = inside.label
    if label is None or "$" in label or "[[" in label:
        return
    if not inside.expr.strip() and known.of_series(label) is not None:
        yield Fault(
            f"label_values() with one argument takes the name of a label, but {label} is a metric: the variable has "
            "no values.",
            f"say which label of it: label_values({label}, …)",
            pointer=variable.query_pointer,
            span=inside.label_span,
            expr=variable.query,
        )
    elif len(selectors) == 1:
        yield from _label_faults(variable, inside, selectors[0], known)


def _label_faults(
    variable: Variable, inside: VariableQuery, selector: VectorSelector, known: KnownMetrics
) -> Iterator[Fault]:
    read, label = _series_of(selector, known), inside.label
    possible = [metric.possible_labels(part) for metric, part in read]
    if not read or label is None or label == "__name__":
        return
    if any(labels is None or label in labels for labels in possible):
        return
    metrics = tuple(metric for metric, _ in read)
    close = close_labels(label, metrics)
    what = (
        metrics[0].name if len(metrics) == 1 else f"None of the {len(metrics)} metrics that the query reads"
    )
    yield Fault(
        f"{what} has {'no' if len(metrics) == 1 else 'a'} label {label}, so the variable ${variable.name} has no "
        "values.",
        f"write {' or '.join(close)}" if close else "name a label that they have",
        pointer=variable.query_pointer,
        span=inside.label_span,
        evidence={"label": label, "metrics": [metric.name for metric in metrics[:5]]},
    )


def _series_of(selector: VectorSelector, known: KnownMetrics) -> list[tuple[KnownMetric, str]]:
    """Return the known series that a selector reads; none where that cannot be told."""
    found = known.of_selector(selector)
    if found is not None:
        return [found]
    patterns = [
        matcher.value
        for matcher in selector.matchers
        if matcher.label.text == "__name__" and matcher.operator is MatchOperator.REGEX
    ]
    if selector.metric is not None or len(patterns) != 1 or STAND_IN in patterns[0] or re2_fault(patterns[0]):
        return []
    try:
        pattern = re.compile(patterns[0])
    except (re.error, OverflowError, RecursionError):
        return []
    return [
        (metric, name[len(metric.name) + 1 :])
        for metric in known.values()
        for name in metric.series_names()
        if pattern.fullmatch(name)
    ]


def _no_metric(
    variable: Variable, query: Query, selector: VectorSelector, name: str, known: KnownMetrics
) -> Fault:
    close = known.close_to(name)
    namespace = name.partition("_")[0]
    ours = bool(close) or any(other.partition("_")[0] == namespace for other in known)
    return Fault(
        f"There is no metric {name}, so the variable has no values."
        if ours
        else f"Nothing is known of {name}: if nobody emits it, the variable has no values.",
        f"write {' or '.join(close)}" if close else "correct the name, or add the metric to the catalogue",
        pointer=variable.query_pointer,
        span=query.original(name_span(selector)),
        severity=None if ours else Severity.WARNING,
        evidence={"metric": name, "close": list(close)},
    )


def _filter_faults(variable: Variable) -> Iterator[Fault]:
    """Yield a fault of a filter that no dialect of regular expressions accepts."""
    text = variable.regex
    if not text or "$" in text.rstrip("$/gimsuy"):
        return
    if text.startswith("/") and text.rfind("/") > 0:
        text = text[1 : text.rfind("/")]
    try:
        re.compile(_NAMED_GROUP.sub("(?P<", text))
    except (re.error, OverflowError, RecursionError) as error:
        if any(word in str(error) for word in _BROKEN):
            yield Fault(
                f"The filter {variable.regex!r} of ${variable.name} is no regular expression ({error}), so the "
                "variable has no values.",
                "close every group and class, and escape what is meant literally",
                pointer=variable_field(variable, "regex"),
            )


RULE = Rule(
    id="variable-query",
    summary="A variable's query cannot give the values that are meant.",
    severity=Severity.ERROR,
    subject=Variable,
    check=_check,
    classes=("C5",),
)
