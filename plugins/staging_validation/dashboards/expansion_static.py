"""Replaces the variables in a query without knowing their values, so that its meaning can be told from the file.

What a reader of the dashboard can choose is not guessed: a stand-in takes its place that every check knows as one
(:data:`~staging_validation.promql.known.STAND_IN`), of the kind that the place needs: a label, a number, a duration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from staging_validation.dashboards.expansion import (
    DEFAULT_SETTINGS,
    ExpansionSettings,
    built_in_text,
    intervals_of,
)
from staging_validation.dashboards.intervals import Intervals, compute_intervals
from staging_validation.dashboards.model import ALL, Dashboard, Panel, Target, Variable
from staging_validation.dashboards.variable_uses import BUILT_INS, Place, VariableUse, query_uses
from staging_validation.errors import CheckFailedError
from staging_validation.promql.known import STAND_IN, STAND_IN_NUMBER
from staging_validation.promql.tree import Span

STAND_IN_DURATION = "5m"
"""What stands in a query for a duration that is not known. :attr:`Expansion.uses` tells it from a written one."""

_NUMBER = repr(STAND_IN_NUMBER)
_STRUCTURE = frozenset({Place.FUNCTION, Place.EXPRESSION})
_QUOTING = frozenset({"doublequote", "singlequote", "sqlstring", "json"})
_LOOK_BACK = 200

_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*$", re.IGNORECASE)
_PARAMETER = re.compile(
    r"(?:\b(?:topk|bottomk|quantile|limitk|limit_ratio|histogram_quantile|quantile_over_time|histogram_fraction|vector)"
    r"\s*(?:(?:by|without)\s*\([^()]*\)\s*)?\(|,|@)\s*$",
    re.IGNORECASE,
)
_CALLED = re.compile(r"\s*(?:\(|(?:by|without)\b)")
_SELECTED = re.compile(r"\s*[{\[]")
_COMPARED = re.compile(r"\s*(?:=~|!~|!=|=)")
_OPERATOR_BEFORE = re.compile(r"[-+*/%^<>=]\s*$")
_OPERATOR_BEHIND = re.compile(r"\s*(?:[-+*/%^<>]|==|!=)")
_NAME_LIKE = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*$")
_NUMBER_LIKE = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$")
_DURATION_LIKE = re.compile(r"(?:\d+(?:ms|[smhdwy]))+$")


@dataclass(frozen=True, slots=True)
class Expansion:
    """A query with stand-ins in place of its variables.

    Attributes:
        text: The query with every variable replaced.
        uses: The variables, in order, each with the place that it stands in in the query as written.
        unknown: The uses of variables that nobody defines.
        opaque: Whether a variable decides over the query's structure (it is a function's name, or a whole
            expression), so that nothing can be said of it without the value.
    """

    text: str
    uses: tuple[VariableUse, ...] = ()
    unknown: tuple[VariableUse, ...] = ()
    opaque: bool = False
    _lengths: tuple[int, ...] = ()

    def original(self, span: Span) -> Span:
        """Return which piece of the query as written a piece of :attr:`text` comes from; variables whole."""
        if not self.uses:
            return span
        end = self._place(span.end, at_end=True) if span.end > span.start else -1
        start = self._place(span.start, at_end=False)
        return Span(start, max(start, end))

    def _place(self, offset: int, *, at_end: bool) -> int:
        shift = 0
        for use, length in zip(self.uses, self._lengths, strict=True):
            start = use.span.start + shift
            if offset < start or (at_end and offset == start):
                break
            if offset < start + length or (at_end and offset == start + length):
                return use.span.end if at_end else use.span.start
            shift += length - (use.span.end - use.span.start)
        return offset - shift


def expand_statically(
    text: str,
    dashboard: Dashboard,
    panel: Panel | None = None,
    target: Target | None = None,
    *,
    settings: ExpansionSettings = DEFAULT_SETTINGS,
) -> Expansion:
    """Replace the variables in a query with what is known of them, and with stand-ins otherwise.

    A constant has its value, and Grafana's own durations those of the dashboard's time range. Of a variable that
    the reader chooses only the kind of its values is used, to tell a number from a metric's name.

    Args:
        text: The query as written.
        dashboard: The dashboard.
        panel: The panel that it belongs to; None for the query of a variable or an annotation.
        target: The target that it belongs to, for its own minimum step.
        settings: What a browser would add; of it the scrape interval and the width.

    Returns:
        The query, its variables, and the way back from its places to the places as written.
    """
    found = list(query_uses(text))
    if not found:
        return Expansion(text)
    variables = dashboard.variables_of(panel)
    repeats = dashboard.repeats_of(panel) if panel else frozenset()
    intervals: Intervals | None = None
    uses: list[VariableUse] = []
    lengths: list[int] = []
    done: list[str] = []
    position = 0
    for use in found:
        variable = variables.get(use.name)
        own = None
        if use.name.startswith("__") and variable is None:
            intervals = intervals or _intervals(dashboard, panel, target, settings)
            own = built_in_text(use.name, intervals)
        constant = _constant(variable)
        place = _place(text, use, variable, own)
        stand_in = constant if constant is not None else _stand_in(text, use, place, variable, own)
        uses.append(
            use._replace(place=place, known=constant is not None, repeated=use.name in repeats)
            if place is not use.place or constant is not None or repeats
            else use
        )
        lengths.append(len(stand_in))
        done += (text[position : use.span.start], stand_in)
        position = use.span.end
    done.append(text[position:])
    return Expansion(
        "".join(done),
        tuple(uses),
        tuple(use for use in uses if use.name not in variables and not is_defined(use.name, dashboard)),
        any(use.place in _STRUCTURE and not use.known for use in uses),
        tuple(lengths),
    )


def is_defined(name: str, dashboard: Dashboard) -> bool:
    """Return whether a name that is no variable of a dashboard is known anyway: Grafana's, or asked for at import."""
    # $__cell_1 is the second column of a table's row.
    return name in BUILT_INS or name in dashboard.inputs or name.startswith("__cell_")


def _intervals(
    dashboard: Dashboard, panel: Panel | None, target: Target | None, settings: ExpansionSettings
) -> Intervals:
    """Return the durations; those of a range of six hours, Grafana's default, where the file's cannot be told."""
    try:
        return intervals_of(dashboard, panel, target, settings=settings)
    except CheckFailedError:
        return compute_intervals(
            range_seconds=21_600.0,
            scrape_seconds=settings.scrape_interval_seconds,
            max_data_points=settings.max_data_points,
        )


def _constant(variable: Variable | None) -> str | None:
    if variable is None or variable.type != "constant" or not variable.current:
        return None
    return variable.current[0]


def _place(text: str, use: VariableUse, variable: Variable | None, own: str | None) -> Place:
    """Tell what a variable outside of strings and brackets stands for."""
    if use.place is not Place.CODE:
        return use.place
    before = text[max(0, use.span.start - _LOOK_BACK) : use.span.start]
    behind = text[use.span.end : use.span.end + 16]
    if use.in_braces:
        glued = _is_glued(before, behind)
        return Place.LABEL if glued or _COMPARED.match(behind) else Place.MATCHERS
    if own is not None or use.name in ("__from", "__to", "__org"):
        return Place.NUMBER
    if _GROUPING.search(before):
        return Place.LABEL
    if _is_glued(before, behind):
        return Place.NAME
    if _SELECTED.match(behind):
        return Place.NAME
    return Place.FUNCTION if _CALLED.match(behind) else _operand(before, behind, variable)


def _operand(before: str, behind: str, variable: Variable | None) -> Place:
    if _PARAMETER.search(before):
        return Place.NUMBER
    values = [value for value in (*variable.current, *variable.options) if value != ALL] if variable else []
    if values:
        if all(_NUMBER_LIKE.match(value) for value in values):
            return Place.NUMBER
        return Place.NAME if all(_NAME_LIKE.match(value) for value in values) else Place.EXPRESSION
    if _OPERATOR_BEFORE.search(before) or _OPERATOR_BEHIND.match(behind):
        return Place.NUMBER
    return Place.NAME if before.strip() or behind.strip() else Place.EXPRESSION


def _is_glued(before: str, behind: str) -> bool:
    """Return whether a name goes on in front of or behind a variable: ``requests_$unit``, ``${a}${b}``."""
    return bool(
        (before and (before[-1].isalnum() or before[-1] in "_:}" or re.search(r"\$\w+$", before)))
        or (behind and (behind[0].isalnum() or behind[0] in "_:$"))
    )


def _stand_in(text: str, use: VariableUse, place: Place, variable: Variable | None, own: str | None) -> str:
    if place is Place.NUMBER:
        # A duration in a place for a number is one since Prometheus 3: it stays what it is.
        return own if own is not None and not own.isdigit() else _NUMBER
    if place is Place.DURATION:
        return own or _duration(text, use, variable)
    if place is Place.MATCHERS:
        return f'{STAND_IN}="{STAND_IN}"'
    if place is Place.FUNCTION:
        return "sum"
    if use.operator and not use.quote and use.format in _QUOTING:
        return f'"{STAND_IN}"'
    return STAND_IN


def _duration(text: str, use: VariableUse, variable: Variable | None) -> str:
    behind = text[use.span.end : use.span.end + 1]
    if behind.isalpha():  # [${minutes}m]
        return STAND_IN_DURATION[:-1]
    if text[max(0, use.span.start - 1) : use.span.start].isdigit():  # [5$unit]
        return STAND_IN_DURATION[-1]
    shown = (*variable.current, *variable.options) if variable else ()
    return next((value for value in shown if _DURATION_LIKE.match(value)), STAND_IN_DURATION)
