"""A dashboard's time range must end after it begins, and hold more than one scrape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import NamedTuple

from staging_validation.dashboards.model import Dashboard
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_SECONDS = {
    "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "M": 2592000.0, "Q": 7776000.0,
    "fQ": 7776000.0, "y": 31536000.0, "fy": 31536000.0,
}  # fmt: skip
_UNIT = r"(?:ms|f?Q|f?y|[smhdwM])"
_RELATIVE = re.compile(rf"now(?:\s*[-+]\d{{0,9}}{_UNIT}|/{_UNIT})*$")
_STEP = re.compile(rf"([-+])(\d{{0,9}})({_UNIT})|/({_UNIT})")
_DIGITS = re.compile(r"\d{9,16}$")


class _Time(NamedTuple):
    """An end of a time range: seconds from now, or since 1970; unsure by a unit that it is rounded to."""

    seconds: float
    relative: bool
    slack: float = 0.0


def _check(dashboard: Dashboard, context: Context) -> Iterator[Fault]:
    if not is_whole(dashboard) or "$" in dashboard.time_from + dashboard.time_to:
        return
    begin, end = _read(dashboard.time_from), _read(dashboard.time_to)
    for name, text, read in (("from", dashboard.time_from, begin), ("to", dashboard.time_to, end)):
        if read is None:
            yield Fault(
                f"The time {text!r} is none that Grafana reads, so the dashboard opens with an invalid range.",
                'write "now-6h", "now/d" or a date such as "2026-01-31T00:00:00Z"',
                pointer=f"{dashboard.time_pointer}/{name}",
                severity=Severity.ERROR,
            )
    if begin is None or end is None:
        return
    if not begin.relative and not end.relative and begin.seconds < end.seconds:
        yield Fault(
            f"The time range is fixed, from {dashboard.time_from} to {dashboard.time_to}: whoever opens the dashboard "
            "sees that old time and not what happens now.",
            'write "from": "now-6h", "to": "now"',
            pointer=dashboard.time_pointer,
            severity=Severity.INFO,
        )
    if begin.relative is end.relative:
        yield from _length_faults(dashboard, begin, end, context.scrape_interval_seconds)


def _length_faults(dashboard: Dashboard, begin: _Time, end: _Time, scrape: float) -> Iterator[Fault]:
    length, longest = end.seconds - begin.seconds, end.seconds - begin.seconds + begin.slack + end.slack
    written = f"{dashboard.time_from} to {dashboard.time_to}"
    if longest <= 0:
        yield Fault(
            f"The time range from {written} ends {'where' if length == 0 else 'before'} it begins, so every panel "
            "is empty.",
            'exchange the two ends: "from": "now-6h", "to": "now"',
            pointer=dashboard.time_pointer,
            severity=Severity.ERROR,
        )
    elif longest < 2 * scrape:
        yield Fault(
            f"The time range from {written} is {length:g}s long, but metrics are scraped every {scrape:g}s: it holds "
            "fewer than two scrapes, so every rate is empty.",
            "choose a range that holds many scrapes, such as now-6h to now",
            pointer=dashboard.time_pointer,
            evidence={"seconds": length, "scrape_interval_seconds": scrape},
        )


def _read(text: str) -> _Time | None:
    text = text.strip()
    if text.startswith("now"):
        return _relative(text)
    if _DIGITS.match(text):
        return _Time(int(text) / 1000, relative=False)
    try:
        read = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return _Time((read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp(), relative=False)


def _relative(text: str) -> _Time | None:
    if not _RELATIVE.match(text):
        return None
    seconds = slack = 0.0
    for sign, count, unit, rounded in _STEP.findall(text):
        if rounded:
            slack += _SECONDS[rounded]
        else:
            seconds += (1 if sign == "+" else -1) * int(count or 1) * _SECONDS[unit]
    return _Time(seconds, relative=True, slack=slack)


RULE = Rule(
    id="time-range",
    summary="A dashboard's time range is empty, invalid, fixed, or too short for its metrics.",
    severity=Severity.WARNING,
    subject=Dashboard,
    check=_check,
    classes=("C8",),
)
