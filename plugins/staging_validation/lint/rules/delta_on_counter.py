"""``delta()`` and its like take gauges: of a counter, they show a restart as a fall."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import calls, counts_up, windowed_selector
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Span

_INSTEAD = {
    "delta": "increase",
    "idelta": "irate",
    "deriv": "rate",
    "predict_linear": "rate",
    "holt_winters": "rate",
    "double_exponential_smoothing": "rate",
}


def _check(query: Query, context: Context) -> Iterator[Fault]:
    known = context.known
    for call in calls(query, _INSTEAD) if known is not None else ():
        selector = windowed_selector(call)
        found = known.of_selector(selector) if known is not None and selector is not None else None
        if selector is None or found is None or not counts_up(*found):
            continue
        function, name = call.function.text, found[0].name
        yield Fault(
            f"{name} counts up and begins again at 0 with every restart. {function}() takes a gauge: it shows a "
            "restart as a fall by all that was ever counted.",
            f"use {_INSTEAD[function]}(), which sees restarts",
            # Neither the function nor the metric is wrong alone: it is the pair.
            span=query.original(Span(call.span.start, selector.span.end)),
            evidence={"metric": name, "type": found[0].kind.value},
        )


RULE = Rule(
    id="delta-on-counter",
    summary="delta(), deriv() or another function for gauges is taken of a counter.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D5",),
    needs_catalogue=True,
)
