"""Counters begin again at different times: sums and differences of their values mean nothing."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.raw_counters import RawCounter, Use, raw_counters
from staging_validation.lint.rule import Fault, Rule


def _check(query: Query, context: Context) -> Iterator[Fault]:
    seen: set[int] = set()
    for found in raw_counters(query, context.known):
        if found.use is not Use.SHOWN and id(found.at) not in seen:
            seen.add(id(found.at))
            yield _fault(query, found)


def _fault(query: Query, found: RawCounter) -> Fault:
    name = found.metric.name
    evidence = {"metric": name, "type": found.metric.kind.value}
    if found.use is Use.SUBTRACTED:
        return Fault(
            f"The difference of {name} and another counter is no current number of anything: each of the two "
            "begins again at 0 with its own restart, and from then on the difference is wrong, even below zero.",
            "show a gauge that says how many there are; or subtract increase(…[$__range]) of both for the change",
            span=query.original(found.at.span),
            evidence=evidence,
        )
    return Fault(
        f"The values of {name} are summed without rate(): each series begins again at 0 with its own restart and "
        "is gone when its emitter is, so the sum jumps and falls although nothing of the kind happened.",
        "take the growth first, then the sum: sum(rate(…[$__rate_interval])) or sum(increase(…[$__range]))",
        span=query.original(found.selector.span),
        evidence=evidence,
    )


RULE = Rule(
    id="counter-summed-without-rate",
    summary="The values of counters are summed or subtracted, without rate() or increase().",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D20", "D6"),
    needs_catalogue=True,
)
