"""A number that has a unit must be shown with it."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import units_shown
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.grafana_units import FitVerdict, grafana_unit_fits, suggest


def _check(query: Query, context: Context) -> Iterator[Fault]:
    found = None if query.type_faults else units_shown(query, context)
    if found is None or found.in_each_second:
        return  # seconds in each second: cores in use are rightly shown as a bare number
    unit, shown, _ = found
    fit = grafana_unit_fits(unit, shown.unit)
    if fit.verdict is not FitVerdict.VAGUE:
        return
    # Things by things may be a share, or so many of one for each of the other: a bare number is right for that.
    perhaps = unit.dimension == "ratio" and (shown.unit or not _is_share(query))
    yield Fault(
        f"{fit.sentence} The reader must guess what the number means, and large ones are shortened wrongly.",
        f'set "unit": "{suggest(unit)}"',
        pointer=shown.pointer,
        evidence={"query": unit.name or unit.dimension, "panel": shown.unit},
        severity=Severity.INFO if perhaps else None,
    )


def _is_share(query: Query) -> bool:
    return query.interval is not None and query.interval.highest <= 1


RULE = Rule(
    id="unit-missing",
    summary="A panel shows a bare number where the query's unit is known.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("B4",),
    needs_catalogue=True,
)
