"""A dashboard that refreshes more often than metrics are scraped asks for the same numbers again."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.intervals import seconds_of
from staging_validation.dashboards.model import Dashboard
from staging_validation.errors import CheckFailedError
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_NONE = frozenset({"", "auto", "false", "off"})


def _check(dashboard: Dashboard, context: Context) -> Iterator[Fault]:
    if dashboard.refresh.strip().lower() in _NONE:
        return
    try:
        seconds = seconds_of(dashboard.refresh)
    except CheckFailedError:
        yield Fault(
            f"The refresh {dashboard.refresh!r} is no duration, so the dashboard does not refresh.",
            'write it like "30s" or "1m", or "" for never',
            pointer=dashboard.refresh_pointer,
        )
        return
    scrape = context.scrape_interval_seconds
    if 0 < seconds < scrape and context.queries:
        most = seconds <= scrape / 2
        yield Fault(
            f"The dashboard refreshes every {dashboard.refresh}, but the metrics are scraped every {scrape:g}s: "
            f"{'most' if most else 'some'} refreshes show the same numbers and load Prometheus for nothing.",
            f"refresh every {scrape:g}s or more seldom",
            pointer=dashboard.refresh_pointer,
            severity=None if most else Severity.INFO,
            evidence={"refresh_seconds": seconds, "scrape_interval_seconds": scrape},
        )


RULE = Rule(
    id="refresh-too-fast",
    summary="A dashboard refreshes more often than metrics are scraped.",
    severity=Severity.WARNING,
    subject=Dashboard,
    check=_check,
    classes=("C7",),
)
