"""What rules on panels need to know: their kinds, what they show in which unit, and their places in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from staging_validation.dashboards.model import Panel, Target
from staging_validation.dashboards.variable_uses import Place
from staging_validation.lint.panel_fields import is_literal, target_fields
from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.known import STAND_IN
from staging_validation.promql.tree import Matcher, MatchOperator, Span, VectorSelector

if TYPE_CHECKING:
    from staging_validation.dashboards.model import Dashboard, Override, Variable
    from staging_validation.lint.context import Context
    from staging_validation.promql.quantities import UnitOf

OVER_TIME = frozenset(
    {"timeseries", "graph", "trend", "state-timeline", "status-history", "candlestick", "heatmap"}
)
"""Panel types whose queries are asked at every step of the time range."""

SINGLE_VALUE = frozenset(
    {"stat", "gauge", "bargauge", "piechart", "table", "barchart", "radialbar", "table-old", "singlestat"}
    | {"grafana-singlestat-panel", "grafana-piechart-panel"}
)
"""Panel types that show one number for each series."""

SHOWS_DATA = (
    OVER_TIME
    | SINGLE_VALUE
    | {
        "histogram",
        "logs",
        "xychart",
        "nodeGraph",
        "traces",
        "flamegraph",
    }
)
"""Panel types that are empty without a query."""

_RANGES = frozenset({"__range", "__range_s", "__range_ms"})
_OFFSET = re.compile(r"\boffset\s*[-+]?\s*$", re.IGNORECASE)


def shown_queries(panel: Panel, queries: Sequence[Query]) -> Iterator[tuple[Target, Query]]:
    """Yield the PromQL queries that a panel shows, with their targets."""
    by_target = {id(query.owner.target): query for query in queries}
    for target in panel.targets:
        query = by_target.get(id(target))
        if query is not None and not target.hidden:
            yield target, query


def fixed_labels(query: Query, dashboard: Dashboard | None) -> frozenset[str]:
    """Return the labels that have one value in a query: compared with a text, or with a variable of one value."""
    variables = dashboard.variables_of(query.owner.panel) if dashboard is not None else {}
    many = [
        use.span
        for use in query.uses
        if use.name in variables and _may_be_several(variables[use.name]) and not use.repeated
    ]
    return frozenset(
        matcher.label.text
        for selector in query.pieces(VectorSelector)
        for matcher in selector.matchers
        if matcher.operator is MatchOperator.EQUAL
        or (matcher.operator is MatchOperator.REGEX and _has_one_value(query, matcher, many))
    )


def _may_be_several(variable: Variable) -> bool:
    return variable.many or variable.type == "textbox"  # whoever may type can type an alternation


def _has_one_value(query: Query, matcher: Matcher, many: Sequence[Span]) -> bool:
    if STAND_IN not in matcher.value:
        return False
    start, end = query.original(matcher.value_span)
    return not any(start <= span.start + query.offset < end for span in many)


def range_windows(query: Query) -> Iterator[tuple[str, Span]]:
    """Yield the variables of the whole time range that are a query's windows, with their places as written."""
    for use in query.uses:
        if use.name in _RANGES and use.place is Place.DURATION:
            span = Span(use.span.start + query.offset, use.span.end + query.offset)
            if not _OFFSET.search(query.text, 0, span.start):
                yield use.name, span


def type_pointer(panel: Panel) -> str:
    """Return where a panel's type stands."""
    return f"{panel.spec}/vizConfig/group" if panel.element else f"{panel.pointer}/type"


def targets_pointer(panel: Panel) -> str:
    """Return where a panel's queries stand."""
    return f"{panel.spec}/data/spec/queries" if panel.element else f"{panel.pointer}/targets"


def query_option_pointer(panel: Panel, name: str) -> str:
    """Return where an option of a panel's queries stands: ``timeFrom``, ``interval``, ``maxDataPoints``."""
    return f"{panel.spec}/data/spec/queryOptions/{name}" if panel.element else f"{panel.pointer}/{name}"


def default_pointer(panel: Panel, name: str) -> str:
    """Return where one of a panel's field defaults stands: ``noValue``, ``max``."""
    return f"{panel.field_config}/defaults/{name}"


def property_pointer(override: Override, name: str) -> str:
    """Return where the value of an override's property stands."""
    return f"{override.pointer}/properties/{list(override.properties).index(name)}/value"


class ShownUnit(NamedTuple):
    """The unit that a query's numbers are shown in.

    Attributes:
        unit: Grafana's name for it; empty where none is set.
        pointer: Where it stands, or would stand.
    """

    unit: str
    pointer: str


_HAS_UNIT = SHOWS_DATA - {"heatmap", "xychart", "logs"}
_COUNTING = frozenset({"count", "distinctCount", "changeCount", "allIsZero", "allIsNull", "diffperc"})
_CHANGES_NUMBERS = frozenset(
    {"calculateField", "convertFieldType", "formatTime", "groupBy", "reduce", "histogram", "regression"}
    | {"timeSeriesTable", "heatmap"}
)


def shown_unit(panel: Panel, target: Target, query: Query) -> ShownUnit | None:
    """Return the unit that a query's numbers are shown in; None where that cannot be told.

    Args:
        panel: The panel.
        target: Its query.
        query: The same, with what is inferred of it.
    """
    if panel.type not in _HAS_UNIT or target.format == "heatmap":
        return None
    if any(step.id in _CHANGES_NUMBERS for step in panel.transformations if not step.disabled):
        return None
    if not _COUNTING.isdisjoint(panel.calcs) or panel.raw.get("seriesOverrides"):
        return None
    for override in reversed(panel.overrides):
        if "unit" not in override.properties:
            continue
        if override.matcher == "byFrameRefID" and override.options != target.ref_id:
            continue
        if override.matcher == "byFrameRefID" or _names_exactly(override, target):
            return ShownUnit(str(override.properties["unit"] or ""), property_pointer(override, "unit"))
        name = override.options
        if (
            override.matcher != "byName"
            or not isinstance(name, str)
            or target_fields(target, query).may_have(name)
            or panel.transformations
        ):
            return None
    return ShownUnit(panel.unit or "", panel.unit_pointer)


class UnitsShown(NamedTuple):
    """What a panel's query measures, and how that is shown.

    Attributes:
        unit: The query's unit.
        shown: The unit that the panel shows it in.
        in_each_second: Whether the query gives seconds in each second: a part of the time, or cores in use.
    """

    unit: UnitOf
    shown: ShownUnit
    in_each_second: bool


def units_shown(query: Query, context: Context) -> UnitsShown | None:
    """Return what a panel's query measures and how it is shown; None where one of them cannot be told."""
    panel, target, units = context.panel, context.target, query.analysis.units_everywhere
    if (
        query.kind is not QueryKind.TARGET
        or panel is None
        or target is None
        or target.hidden
        or units is None
    ):
        return None
    quantity = units.whole
    unit = quantity.shown()
    shown = shown_unit(panel, target, query) if unit is not None else None
    if unit is None or shown is None:
        return None
    seconds = quantity.unit is not None and quantity.unit.dimension == "time"
    return UnitsShown(unit, shown, seconds and unit.dimension == "ratio")


def _names_exactly(override: Override, target: Target) -> bool:
    literal = target.format != "table" and is_literal(target.legend)
    return override.matcher == "byName" and literal and override.options == target.legend
