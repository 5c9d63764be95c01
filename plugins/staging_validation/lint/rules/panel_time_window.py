"""A panel's own time settings must leave something to see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.dashboards.intervals import range_seconds_of, seconds_of
from staging_validation.dashboards.model import Dashboard, Panel
from staging_validation.errors import CheckFailedError
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import OVER_TIME, query_option_pointer
from staging_validation.lint.rule import Fault, Rule

_FEWEST_POINTS = 3
_DURATION = re.compile(r">?\s*\d+(?:ms|[smhdwMy])")
_READABLE = re.compile(r">?\s*(?:\d+(?:\.\d+)?(?:ms|[smhdwMy]))+|\d+")
_OF_THE_CALENDAR = re.compile(r"(?:now)?(?:-?\d+[smhdwMy])?(?:/f?[smhdwMyQ]+)?")
"""Also ``1d/d`` and ``now/d`` are time ranges of a panel."""


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    if not panel.targets or context.dashboard is None:
        return
    for name, value in (("timeFrom", panel.time_from), ("timeShift", panel.time_shift)):
        if value is not None and "$" not in value and not _OF_THE_CALENDAR.fullmatch(value.strip()):
            yield Fault(
                f"The panel's {name} is {value}, which Grafana cannot read: the panel shows an error in place of it.",
                "write a duration such as 1h or 7d",
                pointer=query_option_pointer(panel, name),
            )
    yield from _too_short(panel, context.scrape_interval_seconds)
    yield from _interval(panel, context.dashboard)
    yield from _few_points(panel)


def _too_short(panel: Panel, scrape: float) -> Iterator[Fault]:
    length = _seconds(panel.time_from)
    if length is not None and length < 2 * scrape:
        yield Fault(
            f"The panel shows the last {panel.time_from} only, which holds fewer than two scrapes ({scrape:g} s apart)"
            ": rates are empty and graphs have one point at most.",
            f"let timeFrom be several scrapes long, at least {round(4 * scrape)}s",
            pointer=query_option_pointer(panel, "timeFrom"),
            evidence={"seconds": length, "scrape_interval_seconds": scrape},
        )


def _interval(panel: Panel, dashboard: Dashboard) -> Iterator[Fault]:
    if panel.interval is None or "$" in panel.interval:
        return
    pointer = query_option_pointer(panel, "interval")
    if not _READABLE.fullmatch(panel.interval.strip()):
        yield Fault(
            f"The panel's minimum interval is {panel.interval}, which is no duration: Grafana refuses the query.",
            "write a duration such as 1m",
            pointer=pointer,
        )
        return
    step, length = _seconds(panel.interval), _range(panel, dashboard)
    if step is not None and length is not None and step > length and panel.type in OVER_TIME:
        yield Fault(
            f"The panel's minimum interval, {panel.interval}, is longer than its time range of {length:g} s: the graph "
            "has one point, or none.",
            "let the interval be a small part of the time range, or leave it out",
            pointer=pointer,
            evidence={"seconds": step, "range_seconds": length},
        )


def _few_points(panel: Panel) -> Iterator[Fault]:
    points = panel.max_data_points
    if points is not None and 0 < points < _FEWEST_POINTS and panel.type in OVER_TIME:
        yield Fault(
            f"The graph asks for at most {points} {'point' if points == 1 else 'points'} (maxDataPoints): nothing that "
            "happens between them is seen.",
            "leave maxDataPoints out: Grafana then asks for as many points as the panel is wide",
            pointer=query_option_pointer(panel, "maxDataPoints"),
            evidence={"points": points},
        )


def _seconds(duration: str | None) -> float | None:
    return seconds_of(duration) if duration is not None and _DURATION.fullmatch(duration.strip()) else None


def _range(panel: Panel, dashboard: Dashboard) -> float | None:
    if panel.time_from is not None:
        return _seconds(panel.time_from)
    try:
        return range_seconds_of(dashboard.time_from, dashboard.time_to)
    except CheckFailedError:
        return None  # not relative to now: another rule's business


RULE = Rule(
    id="panel-time-window",
    summary="A panel's own time range, interval or number of points leaves too little to see.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B15",),
)
