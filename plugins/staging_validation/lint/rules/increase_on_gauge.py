"""``increase()`` and ``resets()`` take counters: every fall of a gauge would count as a restart."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import calls, name_span, windowed_selector
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import MetricKind

_INSTEAD = {
    "increase": ("adds the whole value whenever the gauge falls", "use delta() for the change of a gauge"),
    "resets": ("counts every fall as a restart", "use changes() for how often a gauge changes"),
}


def _check(query: Query, context: Context) -> Iterator[Fault]:
    known = context.known
    for call in calls(query, _INSTEAD) if known is not None else ():
        selector = windowed_selector(call)
        found = known.of_selector(selector) if known is not None and selector is not None else None
        if selector is None or found is None or found[0].kind is not MetricKind.GAUGE:
            continue
        function, name = call.function.text, found[0].name
        does, instead = _INSTEAD[function]
        yield Fault(
            f"{name} is a gauge, but {function}() takes a counter: it {does}, so its result is a number that "
            "nothing has.",
            f"{instead}, or {function}() of a counter",
            span=query.original(name_span(selector)),
            evidence={"metric": name, "type": MetricKind.GAUGE.value},
        )


RULE = Rule(
    id="increase-on-gauge",
    summary="increase() or resets() is taken of a gauge.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D5",),
    needs_catalogue=True,
)
