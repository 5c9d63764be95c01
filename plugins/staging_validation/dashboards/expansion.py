"""Replaces the variables in a query as Grafana does, with knowledge of the place where each one stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from staging_validation.dashboards.intervals import (
    Intervals,
    compute_intervals,
    range_seconds_of,
    seconds_of,
)
from staging_validation.dashboards.model import ALL, Dashboard, Panel, Target, Variable
from staging_validation.errors import CheckFailedError

_VARIABLE = re.compile(
    r"\$(?P<plain>\w+)"
    r"|\$\{(?P<braced>\w+)(?:\.\w+)?(?::(?P<format>\w+))?\}"
    r"|\[\[(?P<old>\w+)(?::(?P<old_format>\w+))?\]\]"
)
_QUOTES = "\"'`"
_REGEX_SPECIALS = re.compile(r"[$^*{}\[\]'+?.()|]")
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+$")
_AUTO = "$__auto"


class _Place(Enum):
    """Where in a query a variable stands."""

    REGEX = "a regular expression"
    VALUE = "a label's value behind = or !="
    STRING = "a string"
    DURATION = "a duration"
    CODE = "the query outside of strings"


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
    have one value: what cannot be replaced is reported, never guessed.

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
    intervals = _intervals(target, panel, dashboard, settings)
    scanner = _Scanner(target.expr)
    for match in scanner.variables():
        name = match["plain"] or match["braced"] or match["old"]
        if name.isdigit():
            # $1 in a replacement of label_replace() is a group of its regular expression.
            scanner.replace(match, match[0])
            continue
        shape = match["format"] or match["old_format"]
        built_in = _built_in(name, intervals)
        if built_in is not None:
            scanner.replace(match, built_in)
            continue
        variable = dashboard.variables.get(name)
        if variable is None:
            raise CheckFailedError(
                f"The query uses the variable ${name}, which the dashboard does not define.",
                remedy="define the variable, or correct its name in the query",
            )
        chosen = _chosen(variable, settings.values.get(name), intervals)
        scanner.replace(match, _text(variable, chosen, shape, scanner))
    return scanner.result()


class _Scanner:
    """Walks through a query and knows at every variable whether it stands in a string, behind what, or in []."""

    def __init__(self, expr: str) -> None:
        self._expr = expr
        self._position = 0
        self._done: list[str] = []
        self._brackets = 0
        self.quote = ""
        self.place = _Place.CODE

    def variables(self) -> Iterator[re.Match[str]]:
        while self._position < len(self._expr):
            match = _VARIABLE.match(self._expr, self._position)
            if match:
                yield match
            else:
                self._step(self._expr[self._position])

    def replace(self, match: re.Match[str], text: str) -> None:
        self._done.append(text)
        self._position = match.end()

    def result(self) -> str:
        return "".join(self._done)

    def _step(self, character: str) -> None:
        taken = character
        if self.quote:
            if character == "\\" and self.quote != "`":
                taken = self._expr[self._position : self._position + 2]
            elif character == self.quote:
                self.quote, self.place = "", self._outside()
        elif character in _QUOTES:
            self.quote, self.place = character, _string_place("".join(self._done).rstrip())
        elif character in "[]":
            self._brackets += 1 if character == "[" else -1
            self.place = self._outside()
        self._done.append(taken)
        self._position += len(taken)

    def _outside(self) -> _Place:
        return _Place.DURATION if self._brackets > 0 else _Place.CODE


def _string_place(before: str) -> _Place:
    if before.endswith(("=~", "!~")):
        return _Place.REGEX
    return _Place.VALUE if before.endswith("=") else _Place.STRING


def _intervals(target: Target, panel: Panel, dashboard: Dashboard, settings: ExpansionSettings) -> Intervals:
    if panel.time_from:
        range_seconds = range_seconds_of(f"now-{panel.time_from.removeprefix('now-')}", "now")
    else:
        range_seconds = range_seconds_of(dashboard.time_from, dashboard.time_to)
    return compute_intervals(
        range_seconds=range_seconds,
        scrape_seconds=seconds_of(target.interval) if target.interval else settings.scrape_interval_seconds,
        max_data_points=panel.max_data_points or settings.max_data_points,
        min_interval_seconds=seconds_of(panel.interval) if panel.interval else 0.0,
    )


def _built_in(name: str, intervals: Intervals) -> str | None:
    milliseconds = {
        "__range": intervals.range_ms,
        "__interval": intervals.interval_ms,
        "__rate_interval": intervals.rate_interval_ms,
    }
    base, _, unit = name.rpartition("_")
    if name in milliseconds:
        return _duration(milliseconds[name])
    if unit == "ms" and base in milliseconds:
        return str(milliseconds[base])
    return str(round(intervals.range_ms / 1000)) if name == "__range_s" else None


def _duration(milliseconds: int) -> str:
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"


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
    return tuple(_duration(intervals.interval_ms) if value.startswith(_AUTO) else value for value in chosen)


def _text(variable: Variable, chosen: tuple[str, ...], shape: str | None, scanner: _Scanner) -> str:
    if chosen == (ALL,) and variable.all_value is not None:
        return variable.all_value
    values = variable.options if chosen == (ALL,) else chosen
    formatted = _SHAPES.get(shape or "")
    if formatted and values:
        return formatted(values, scanner.quote)
    if shape not in (None, "raw", *_SHAPES):
        raise CheckFailedError(
            f"The variable ${{{variable.name}:{shape}}} has a format that PromQL has no use for."
        )
    if scanner.place is _Place.REGEX:
        if variable.multi or variable.include_all:
            return _alternation(values, scanner.quote) if values else ".*"
        return "|".join(values)
    if chosen == (ALL,) or len(values) != 1:
        many = "All" if chosen == (ALL,) else f"{len(values)} values"
        raise CheckFailedError(
            f"The variable ${variable.name} has {many}, but stands in {scanner.place.value}, which takes one.",
            remedy="compare with =~ instead of =, or let the variable have one value",
        )
    if scanner.place is _Place.DURATION and not _DURATION.match(values[0]):
        raise CheckFailedError(
            f"The variable ${variable.name} is {values[0]!r}, but stands in {scanner.place.value}.",
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
