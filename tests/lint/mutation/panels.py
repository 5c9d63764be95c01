"""Breaks what a panel is and how it shows its values (classes B1 to B8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle

from staging_validation.dashboards.model import Panel, TargetKind
from tests.lint.mutation.documents import drop, has, look, parent, put
from tests.lint.mutation.mutant import Change, Control, Place, operator
from tests.lint.mutation.parts import targets_pointer, type_pointer

_REMOVED = (
    "graph", "table-old", "singlestat", "grafana-singlestat-panel", "grafana-piechart-panel",
    "grafana-worldmap-panel", "natel-discrete-panel",
)  # fmt: skip
_DEAD = ("jdbranham-diagram-panel", "michaeldmoore-multistat-panel", "briangann-gauge-panel")
_NUMBERS = ("stat", "gauge", "bargauge")
_NAMES_UNIT, _RECKONS = re.compile("_(seconds|bytes)"), re.compile(r" [/*] |:|_boot_time_")


def _shown(control: Control, *types: str) -> Iterator[Panel]:
    """Yield panels with queries."""
    for panel in control.panels(*types):
        if panel.targets:
            yield panel


@operator("B1", "panel-type-removed")
def type_of_old(control: Control) -> Iterator[Change]:
    """A panel of a type that Grafana no longer has."""
    types = cycle((*_REMOVED, *_DEAD))
    for panel in _shown(control):
        name, pointer = next(types), type_pointer(control, panel)
        yield Change(f"panel {panel.id}: {name}", (Place(pointer),), put(control.document, pointer, name))


@operator("B2", "panel-without-query")
def queries_gone(control: Control) -> Iterator[Change]:
    """A panel without any query."""
    for panel in _shown(control):
        pointer = targets_pointer(control, panel)
        yield Change(f"panel {panel.id}: none", (Place(pointer),), put(control.document, pointer, []))
        if "v2" not in control.tags:
            yield Change(f"panel {panel.id}: no targets", (Place(pointer),), drop(control.document, pointer))


@operator("B2", "panel-without-query")
def queries_hidden(control: Control) -> Iterator[Change]:
    """A panel whose queries are all hidden."""
    for panel in _shown(control):
        changed, places = control.document, [Place(targets_pointer(control, panel))]
        for target in panel.targets:
            name = f"{target.pointer}/spec/hidden" if "v2" in control.tags else f"{target.pointer}/hide"
            changed = put(changed, name, True)
            places += [Place(name), Place(target.pointer)]
        yield Change(f"panel {panel.id}", tuple(places), changed)


@operator("B2", "panel-without-query")
def query_empty(control: Control) -> Iterator[Change]:
    """A panel whose queries say nothing."""
    for panel in _shown(control):
        if all(target.kind is TargetKind.PROMQL for target in panel.targets):
            for text in ("", "  "):
                changed, places = control.document, [Place(targets_pointer(control, panel))]
                for target in panel.targets:
                    changed = put(changed, target.expr_pointer, text)
                    places += [Place(target.expr_pointer), Place(target.pointer)]
                yield Change(f"panel {panel.id}: {text!r}", tuple(places), changed)


@operator("B3", "panel-without-title", "panel-without-description")
def untitled(control: Control) -> Iterator[Change]:
    """A panel without title or description."""
    for panel in _shown(control):
        for name in ("title", "description"):
            pointer = f"{panel.spec}/{name}"
            yield Change(f"panel {panel.id}: no {name}", (Place(pointer),), drop(control.document, pointer))
            yield Change(
                f"panel {panel.id}: empty {name}", (Place(pointer),), put(control.document, pointer, "")
            )


def _units(control: Control) -> Iterator[tuple[Panel, str]]:
    """Yield the panels whose unit can be told from the metrics."""
    for panel in _shown(control):
        asked = [target.expr for target in panel.targets if target.kind is TargetKind.PROMQL]
        if not panel.unit or panel.unit in ("short", "none") or len(asked) < len(panel.targets):
            continue
        if not control.learned or all(
            _NAMES_UNIT.search(expr) and not _RECKONS.search(expr) for expr in asked
        ):
            yield panel, panel.unit


_TELLING = ("ms", "s", "currencyUSD", "percent", "percentunit", "bytes", "Bps", "bps")


@operator("B4", "unit-missing")
def unit_gone(control: Control) -> Iterator[Change]:
    """Values of a known unit are shown without it."""
    for panel, unit in _units(control):
        if unit in _TELLING and not (
            control.learned and unit == "percentunit"
        ):  # a share, or cores: both are right
            places = (Place(panel.unit_pointer), Place(parent(parent(panel.unit_pointer))))
            yield Change(f"panel {panel.id}: {unit}", places, drop(control.document, panel.unit_pointer))


@operator("B4", "unit-unknown")
def unit_unknown(control: Control) -> Iterator[Change]:
    """A unit that Grafana does not have."""
    names = cycle(("dollars", "milliseconds", "percents", "USD", "seconds", "percent(0-100)"))
    for panel in _shown(control):
        if panel.unit:
            name = next(names)
            changed = put(control.document, panel.unit_pointer, name)
            yield Change(f"panel {panel.id}: {name}", (Place(panel.unit_pointer),), changed)


_CONTRADICTING = {
    "ms": ("s", "µs", "currencyUSD", "percent"),
    "s": ("ms", "m", "bytes"),
    "currencyUSD": ("s", "bytes", "percent"),
    "percent": ("percentunit", "s"),
    "percentunit": ("percent", "ms"),
    "bytes": ("s", "bits", "percent"),
    "Bps": ("bps", "s"),
    "bps": ("Bps", "percentunit"),
}


@operator("B5", "unit-contradicts-query")
def unit_of_something_else(control: Control) -> Iterator[Change]:
    """A unit that says another thing, or another size, than the query."""
    for panel, unit in _units(control):
        for other in _CONTRADICTING.get(unit, ()):
            places = (Place(panel.unit_pointer), *(Place(target.expr_pointer) for target in panel.targets))
            changed = put(control.document, panel.unit_pointer, other)
            yield Change(f"panel {panel.id}: {unit} becomes {other}", places, changed)


_SCALES = (" / 100", " / 1000", "100 * ", " * 8")


@operator("B5", "unit-contradicts-query")
def scale_lost(control: Control) -> Iterator[Change]:
    """Cents as dollars, a share as percent, bytes as bits: the query no longer reckons one into the other."""
    for panel in _shown(control):
        for target in panel.targets:
            found = [scale for scale in _SCALES if scale in target.expr]
            if target.kind is TargetKind.PROMQL and len(found) == 1 and panel.unit != "none":
                places = (Place(panel.unit_pointer), Place(target.expr_pointer))
                changed = put(control.document, target.expr_pointer, target.expr.replace(found[0], ""))
                yield Change(f"panel {panel.id} {target.ref_id}: without {found[0]}", places, changed)


@operator("B6", "thresholds")
def thresholds_not_ascending(control: Control) -> Iterator[Change]:
    """Thresholds in the wrong order: the lower one is never seen."""
    for panel in _shown(control):
        if panel.thresholds is None or not panel.thresholds.pointer:
            continue
        pointer = f"{panel.thresholds.pointer}/steps"
        steps = look(control.document, pointer)
        if len(steps) > 2:
            first, *rest = steps
            changed = put(control.document, pointer, [first, *reversed(rest)])
            yield Change(f"panel {panel.id}: reversed", (Place(pointer),), changed)
        elif panel.type in _NUMBERS:
            for low, high in ((90, 80), (0.5, 0.1)):
                wrong = [
                    {"color": "green", "value": None},
                    {"color": "red", "value": low},
                    {"color": "blue", "value": high},
                ]
                what = f"panel {panel.id}: {low} before {high}"
                yield Change(what, (Place(pointer),), put(control.document, pointer, wrong))


@operator("B6", "thresholds")
def gauge_without_end(control: Control) -> Iterator[Change]:
    """A gauge of something without a highest value."""
    for panel in _shown(control, "stat", "bargauge"):
        if panel.unit in ("percent", "percentunit"):
            continue
        defaults = f"{panel.field_config}/defaults"
        changed = put(control.document, type_pointer(control, panel), "gauge")
        changed = drop(changed, f"{defaults}/max") if has(changed, f"{defaults}/max") else changed
        places = (Place(f"{defaults}/max"), Place(type_pointer(control, panel)), Place(panel.field_config))
        yield Change(f"panel {panel.id}", places, changed)


@operator("B7", "no-value-hides-gap")
def missing_looks_healthy(control: Control) -> Iterator[Change]:
    """No value is shown as if there were one."""
    words = cycle(("0", "0 %", "100", "OK", "healthy", "0.0"))
    for panel in _shown(control, *_NUMBERS, "table", "piechart"):
        pointer, word = f"{panel.field_config}/defaults/noValue", next(words)
        yield Change(f"panel {panel.id}: {word}", (Place(pointer),), put(control.document, pointer, word))


@operator("B7", "no-value-hides-gap")
def nothing_mapped_to_zero(control: Control) -> Iterator[Change]:
    """A value mapping shows null as 0."""
    for panel in _shown(control, *_NUMBERS):
        for match, shown in (("null", "0"), ("null+nan", "OK"), ("nan", "0")):
            pointer = f"{panel.field_config}/defaults/mappings"
            mapping = {
                "type": "special",
                "options": {"match": match, "result": {"text": shown, "color": "green", "index": 0}},
            }
            changed = put(control.document, pointer, [mapping])
            yield Change(f"panel {panel.id}: {match} as {shown}", (Place(f"{pointer}/0"),), changed)


@operator("B8", "reduce-unfit")
def calculation_unfit(control: Control) -> Iterator[Change]:
    """A range of rates or percents becomes one number by a sum."""
    for panel in _shown(control, "timeseries"):
        unit = panel.unit or ""
        if not unit.endswith("/s") and unit not in ("percent", "percentunit", "ms", "s"):
            continue
        calcs = f"{panel.options_pointer}/reduceOptions/calcs"
        changed = put(control.document, type_pointer(control, panel), "stat")
        options = {"reduceOptions": {"calcs": ["sum"], "fields": "", "values": False}}
        yield Change(f"panel {panel.id}: sum", (Place(calcs),), put(changed, panel.options_pointer, options))


@operator("B8", "reduce-unfit")
def percents_averaged(control: Control) -> Iterator[Change]:
    """Percents of a range, made one number by a sum or a mean."""
    for panel in _shown(control, *_NUMBERS):
        if panel.unit not in ("percent", "percentunit") or panel.targets[0].expression:
            continue
        if any(
            target.kind is not TargetKind.PROMQL or "$__range" not in target.expr for target in panel.targets
        ):
            continue
        changed = control.document
        for target in panel.targets:
            changed = put(changed, f"{target.fields}/instant", False)
            changed = put(changed, f"{target.fields}/range", True)
            text = target.expr.replace("$__range", "$__rate_interval")
            changed = put(changed, target.expr_pointer, text)
        for calc in ("sum", "mean"):
            pointer = f"{panel.options_pointer}/reduceOptions/calcs"
            yield Change(f"panel {panel.id}: {calc}", (Place(pointer),), put(changed, pointer, [calc]))


@operator("B8", "reduce-unfit")
def calculation_unknown(control: Control) -> Iterator[Change]:
    """A calculation that Grafana does not have."""
    names = cycle(("lastNotNul", "average", "last_not_null", "LastNotNull"))
    for panel in _shown(control, *_NUMBERS, "piechart"):
        pointer, name = f"{panel.options_pointer}/reduceOptions/calcs", next(names)
        yield Change(f"panel {panel.id}: {name}", (Place(pointer),), put(control.document, pointer, [name]))


OPERATORS = (
    type_of_old, queries_gone, queries_hidden, query_empty, untitled, unit_gone, unit_unknown,
    unit_of_something_else, scale_lost, thresholds_not_ascending, gauge_without_end, missing_looks_healthy,
    nothing_mapped_to_zero, calculation_unfit, percents_averaged, calculation_unknown,
)  # fmt: skip
