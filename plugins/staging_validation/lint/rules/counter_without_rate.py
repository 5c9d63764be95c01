"""A counter's value is everything since its last restart; what happens is in how it grows."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import name_span
from staging_validation.lint.raw_counters import Use, raw_counters
from staging_validation.lint.rule import Fault, Rule


def _check(query: Query, context: Context) -> Iterator[Fault]:
    for found in raw_counters(query, context.known):
        if found.use is Use.SHOWN:
            yield Fault(
                f"{found.metric.name} counts up since the last restart of whoever emits it. Its value says how long "
                "that has been rather than how much happens, and falls to 0 with the next restart.",
                "use rate(…[$__rate_interval]) for how much happens each second, or increase(…[$__range]) for how "
                "much happened",
                span=query.original(name_span(found.selector)),
                evidence={"metric": found.metric.name, "type": found.metric.kind.value},
            )


RULE = Rule(
    id="counter-without-rate",
    summary="The value of a counter is used, without rate() or increase().",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D6",),
    needs_catalogue=True,
)
