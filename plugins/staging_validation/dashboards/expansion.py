"""Replaces the variables in a query as Grafana does, with knowledge of the place where each one stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from staging_validation.dashboards.intervals import (
    Intervals,
    compute_intervals,
    duration_text,
    range_seconds_of,
    seconds_of,
)
from staging_validation.dashboards.model import ALL, Dashboard, Panel, Target, Variable
from staging_validation.dashboards.variable_uses import Place, VariableUse, query_uses
from staging_validation.errors import CheckFailedError

_REGEX_SPECIALS = re.compile(r"[$^*{}\[\]'+?.()|]")
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+$")
_AUTO = "$__auto"


@dataclass(frozen=True)
class ExpansionSettings:
    """What a browser would add to a query.

    Attributes:
        scrape_interval_seconds: The scrape interval that the data source is configured with; Grafana's default
            is 15 s.
        max_data_points: The most points a panel asks for where it does not say so itself: its width in pixels.
        values: Chosen values by variable, instead of those in the file.
    """

    scrape_interval_seconds: float = 15.0
    max_data_points: int = 1000
    values: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))


DEFAULT_SETTINGS = ExpansionSettings()


def expand_target(
    target: Target, panel: Panel, dashboard: Dashboard, *, settings: ExpansionSettings = DEFAULT_SETTINGS
) -> str:
    """Return a target's query with every variable replaced.

    A variable with several values, or All, becomes an alternation behind ``=~`` and ``!~``. Elsewhere it must
    have one value: what cannot be replaced is reported, never guessed. A variable that the panel (or its row or
    tab) is repeated for has its first value: that of the first copy.

    Args:
        target: The target.
        panel: Its panel.
        dashboard: Its dashboard.
        settings: What a browser would add.

    Returns:
        The query.

    Raises:
        CheckFailedError: A variable is not defined, has no value, or has values that do not fit its place.
    """
    intervals = intervals_of(dashboard, panel, target, settings=settings)
    variables = dashboard.variables_of(panel)
    repeats = dashboard.repeats_of(panel)
    done: list[str] = []
    position = 0
    for use in query_uses(target.expr):
        done.append(target.expr[position : use.span.start])
        position = use.span.end
        text = built_in_text(use.name, intervals)
        if text is None:
            variable = variables.get(use.name)
            if variable is None:
                raise CheckFailedError(
                    f"The query uses the variable ${use.name}, which the dashboard does not define.",
                    remedy="define the variable, or correct its name in the query",
                )
            chosen = _chosen(variable, settings.values.get(use.name), intervals)
            if use.name in repeats:
                chosen = (variable.options[:1] or chosen) if chosen == (ALL,) else chosen[:1]
            text = _text(variable, chosen, use)
        done.append(text)
    return "".join((*done, target.expr[position:]))


def intervals_of(
    dashboard: Dashboard,
    panel: Panel | None,
    target: Target | None = None,
    *,
    settings: ExpansionSettings = DEFAULT_SETTINGS,
) -> Intervals:
    """Compute the durations that Grafana gives a target's query.

    Args:
        dashboard: The dashboard.
        panel: The panel; None for a query that belongs to none.
        target: The target, for its own minimum step.
        settings: What a browser would add.

    Returns:
        The durations.

    Raises:
        CheckFailedError: The time range is not relative to now, or a step is no duration.
    """
    if panel is not None and panel.time_from:
        range_seconds = range_seconds_of(f"now-{panel.time_from.removeprefix('now-')}", "now")
    else:
        range_seconds = range_seconds_of(dashboard.time_from, dashboard.time_to)
    own = target.interval if target else None
    return compute_intervals(
        range_seconds=range_seconds,
        scrape_seconds=seconds_of(own) if own else settings.scrape_interval_seconds,
        max_data_points=(panel.max_data_points if panel else None) or settings.max_data_points,
        min_interval_seconds=seconds_of(panel.interval) if panel and panel.interval else 0.0,
    )


def built_in_text(name: str, intervals: Intervals) -> str | None:
    """Return what Grafana writes for one of its own durations; None where the name is not one of them."""
    milliseconds = {
        "__range": intervals.range_ms,
        "__interval": intervals.interval_ms,
        "__rate_interval": intervals.rate_interval_ms,
    }
    base, _, unit = name.rpartition("_")
    if name in milliseconds:
        return duration_text(milliseconds[name])
    if unit == "ms" and base in milliseconds:
        return str(milliseconds[base])
    return str(round(intervals.range_ms / 1000)) if name == "__range_s" else None


def _chosen(variable: Variable, given: Sequence[str] | None, intervals: Intervals) -> tuple[str, ...]:
    """Return the variable's values; one :data:`ALL` alone for All."""
    chosen = tuple(given) if given is not None else variable.current
    if not chosen:
        chosen = (ALL,) if variable.include_all else variable.options[:1]
    if not chosen:
        raise CheckFailedError(
            f"The variable ${variable.name} has no value, so its queries cannot be evaluated.",
            remedy="choose a value and save the dashboard with it, or let the variable include All",
        )
    if ALL in chosen:
        return (ALL,)
    return tuple(
        duration_text(intervals.interval_ms) if value.startswith(_AUTO) else value for value in chosen
    )


def _text(variable: Variable, chosen: tuple[str, ...], use: VariableUse) -> str:
    if chosen == (ALL,) and variable.all_value is not None:
        return variable.all_value
    values = variable.options if chosen == (ALL,) else chosen
    formatted = _SHAPES.get(use.format)
    if formatted and values:
        return formatted(values, use.quote)
    if use.format not in ("", "raw", *_SHAPES):
        raise CheckFailedError(
            f"The variable ${{{variable.name}:{use.format}}} has a format that PromQL has no use for."
        )
    if use.place is Place.REGEX:
        if variable.multi or variable.include_all:
            return _alternation(values, use.quote) if values else ".*"
        return "|".join(values)
    if chosen == (ALL,) or len(values) != 1:
        many = "All" if chosen == (ALL,) else f"{len(values)} values"
        raise CheckFailedError(
            f"The variable ${variable.name} has {many}, but stands in {use.place.value}, which takes one.",
            remedy="compare with =~ instead of =, or let the variable have one value",
        )
    if use.place is Place.DURATION and not _DURATION.match(values[0]):
        raise CheckFailedError(
            f"The variable ${variable.name} is {values[0]!r}, but stands in {use.place.value}.",
            remedy="give it values such as 5m",
        )
    return values[0]


def _alternation(values: Sequence[str], quote: str) -> str:
    """Escape values for a regular expression and join them, as Grafana's Prometheus data source does."""
    escape = "\\" if quote == "`" else "\\\\"
    escaped = [
        _REGEX_SPECIALS.sub(lambda match: escape + match[0], value.replace("\\", escape * 2))
        for value in values
    ]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


_SHAPES: Mapping[str, Callable[[Sequence[str], str], str]] = MappingProxyType(
    {
        "regex": _alternation,
        "pipe": lambda values, _quote: "|".join(values),
        "csv": lambda values, _quote: ",".join(values),
    }
)
