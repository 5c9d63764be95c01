"""A panel's unit must be that of its query: cents shown as dollars are a hundred times too many."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import ShownUnit, units_shown
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.grafana_units import Fit, FitVerdict, grafana_unit_fits, suggest
from staging_validation.promql.quantities import UnitOf

_SECONDS = UnitOf("time")


def _check(query: Query, context: Context) -> Iterator[Fault]:
    found = units_shown(query, context)
    if found is None or not found.shown.unit:
        return
    if found.in_each_second and grafana_unit_fits(_SECONDS, found.shown.unit).verdict is FitVerdict.OK:
        return  # seconds in each second: some show them as seconds, and mean so
    fit = grafana_unit_fits(found.unit, found.shown.unit)
    if fit.verdict is FitVerdict.CONTRADICTS:
        yield _fault(query, found.unit, found.shown, fit)


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
