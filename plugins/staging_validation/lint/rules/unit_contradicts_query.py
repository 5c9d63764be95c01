"""A panel's unit must be that of its query: cents shown as dollars are a hundred times too many."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import ShownUnit, shown_unit
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.grafana_units import Fit, FitVerdict, grafana_unit_fits, suggest
from staging_validation.promql.quantities import UnitOf

_SECONDS = UnitOf("time")


def _check(query: Query, context: Context) -> Iterator[Fault]:
    panel, target, units = context.panel, context.target, query.analysis.units_everywhere
    if (
        query.kind is not QueryKind.TARGET
        or panel is None
        or target is None
        or target.hidden
        or units is None
    ):
        return
    quantity = units.whole
    unit = quantity.shown()
    shown = shown_unit(panel, target, query) if unit is not None else None
    if unit is None or shown is None or not shown.unit:
        return
    in_each_second = (
        quantity.unit is not None and quantity.unit.dimension == "time" and unit.dimension == "ratio"
    )
    if in_each_second and grafana_unit_fits(_SECONDS, shown.unit).verdict is FitVerdict.OK:
        return  # seconds in each second: some show them as seconds, and mean so
    fit = grafana_unit_fits(unit, shown.unit)
    if fit.verdict is FitVerdict.CONTRADICTS:
        yield _fault(query, unit, shown, fit)


def _fault(query: Query, unit: UnitOf, shown: ShownUnit, fit: Fit) -> Fault:
    tree = query.tree
    return Fault(
        fit.sentence,
        f"{_conversion(unit, shown.unit)}set the unit that the query has: {suggest(unit)}",
        pointer=shown.pointer,
        span=query.original(tree.span) if tree is not None else None,
        evidence={"query": unit.name or unit.dimension, "panel": shown.unit},
        severity=Severity.WARNING if _misses_only_the_time(unit, shown.unit) else None,
    )


def _misses_only_the_time(unit: UnitOf, shown: str) -> bool:
    """Return whether the number itself is right, and only its “per second” is not shown."""
    amount = UnitOf(unit.dimension, unit.scale)
    return unit.per_second and grafana_unit_fits(amount, shown).verdict is FitVerdict.OK


def _conversion(unit: UnitOf, shown: str) -> str:
    if unit.dimension == "money" and unit.name == "cents" and shown.startswith("currency"):
        return "divide the query by 100, or "
    if unit.name == "ratio" and shown == "percent":
        return "multiply the query by 100, or "
    if unit.name == "percent" and shown == "percentunit":
        return "divide the query by 100, or "
    return ""


RULE = Rule(
    id="unit-contradicts-query",
    summary="A panel's unit is not that of its query.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("B5",),
    needs_catalogue=True,
)
