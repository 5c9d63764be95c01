"""Breaks what holds a dashboard together: numbers, letters, places, rows, elements (classes A8 to A13)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.lint.mutation.documents import append, drop, has, look, parent, put
from tests.lint.mutation.mutant import Change, Control, Place, operator
from tests.lint.mutation.parts import target_copy


@operator("A8", "duplicate-panel-id")
def panel_id_twice(control: Control) -> Iterator[Change]:
    """A panel has another one's number."""
    first, *others = control.panels()
    for panel in others:
        places = (Place(f"{panel.spec}/id"), Place(f"{first.spec}/id"))
        yield Change(
            f"{panel.id} becomes {first.id}", places, put(control.document, f"{panel.spec}/id", first.id)
        )


@operator("A8", "duplicate-panel-id", on=("classic",))
def panel_id_of_a_row(control: Control) -> Iterator[Change]:
    """A row has a panel's number."""
    first = next(control.panels())
    for row in control.dashboard.sections:
        places = (Place(f"{row.pointer}/id"), Place(f"{first.spec}/id"))
        yield Change(f"row {row.id}", places, put(control.document, f"{row.pointer}/id", first.id))


@operator("A9", "duplicate-ref-id")
def ref_id_twice(control: Control) -> Iterator[Change]:
    """Two queries of a panel have one letter."""
    for panel in control.panels():
        if len(panel.targets) > 1:
            first, second = panel.targets[:2]
            places: tuple[Place, ...] = (Place(second.ref_id_pointer), Place(first.ref_id_pointer))
            changed = put(control.document, second.ref_id_pointer, first.ref_id)
            yield Change(f"panel {panel.id}: {second.ref_id} becomes {first.ref_id}", places, changed)
        elif panel.targets and panel.targets[0].expr:
            [only] = panel.targets
            holder = parent(only.pointer)
            copied = target_copy(control, only, expr=f"2 * ({only.expr})")
            places = (Place(f"{holder}/1"), Place(f"{holder}/1/spec/refId"), Place(only.ref_id_pointer))
            yield Change(f"panel {panel.id}: A again", places, append(control.document, holder, copied))


@operator("A9", "duplicate-ref-id", "expression-reference", "file-schema")
def ref_id_missing(control: Control) -> Iterator[Change]:
    """A query of several has no letter."""
    for panel in control.panels():
        if len(panel.targets) > 1:
            for target in panel.targets:
                pointer = target.ref_id_pointer
                yield Change(
                    f"panel {panel.id}: {target.ref_id}", (Place(pointer),), drop(control.document, pointer)
                )


@operator("A9", "expression-reference")
def reference_to_nothing(control: Control) -> Iterator[Change]:
    """An expression reads a letter that no query has, or itself."""
    for panel in control.panels():
        for target in panel.targets:
            found = target.expression
            if found is None:
                continue
            for letter in ("Z", "Q", target.ref_id):
                changed = found.text.replace(found.refs[0], letter)
                document = put(control.document, found.text_pointer, changed)
                yield Change(f"panel {panel.id}: {changed}", (Place(found.text_pointer),), document)


@operator("A9", "expression-reference")
def expressions_in_a_circle(control: Control) -> Iterator[Change]:
    """Two expressions read each other."""
    for panel in control.panels("timeseries"):
        if not panel.targets or len(panel.targets) > 1:
            continue
        [only] = panel.targets
        holder = parent(only.pointer)
        one, other = (
            target_copy(control, only, ref=ref, kind="math", expression=f"${read} + 1")
            for ref, read in ("XY", "YX")
        )
        places = (Place(f"{holder}/1", None), Place(f"{holder}/2"))
        yield Change(f"panel {panel.id}", places, append(control.document, holder, one, other))


def _grid(control: Control) -> Iterator[tuple[str, str, dict[str, Any], dict[str, str]]]:
    """Yield the name and place of every panel, with the names of the fields that say how large it is."""
    for panel in control.panels():
        if panel.grid is not None and panel.grid.pointer:
            classic = "v2" not in control.tags
            names = {"w": "w", "h": "h"} if classic else {"w": "width", "h": "height"}
            yield f"panel {panel.id}", panel.grid.pointer, look(control.document, panel.grid.pointer), names


@operator("A10", "panel-grid", "file-schema")
def place_wrong(control: Control) -> Iterator[Change]:
    """A place outside of the grid, or none."""
    for name, pointer, grid, names in _grid(control):
        wide, high = names["w"], names["h"]
        wrong = [(wide, 25), (high, 0), (wide, 0), ("x", -1), ("y", -3), (high, -2)]
        for field, value in wrong:
            changed = put(control.document, f"{pointer}/{field}", value)
            yield Change(f"{name}: {field} = {value}", (Place(f"{pointer}/{field}"),), changed)
        outside = 25 - grid[wide]
        changed = put(control.document, f"{pointer}/x", outside)
        yield Change(f"{name}: x = {outside}", (Place(pointer),), changed)


@operator("A10", "panel-grid", "file-schema", on=("classic", "v1"))
def place_missing(control: Control) -> Iterator[Change]:
    """A place that is not told."""
    for name, pointer, _, names in _grid(control):
        for field in ("x", "y", *names.values()):
            gone = f"{pointer}/{field}"
            yield Change(f"{name}: {field}", (Place(gone),), drop(control.document, gone))
        yield Change(f"{name}: gridPos", (Place(pointer),), drop(control.document, pointer))


@operator("A11", "panel-overlap")
def on_top_of_another(control: Control) -> Iterator[Change]:
    """A panel lies on the one before it."""
    places = list(_grid(control))
    for (_, before, grid, _), (name, pointer, own, names) in pairwise(places):
        if parent(parent(before)) != parent(parent(pointer)):
            continue
        moved = {**own, "x": min(grid["x"], 24 - own[names["w"]]), "y": grid["y"] + (grid[names["h"]] > 1)}
        yield Change(name, (Place(pointer), Place(before)), put(control.document, pointer, moved))


def _row(y: float, **fields: Any) -> dict[str, Any]:
    place = {"x": 0, "y": y, "w": 24, "h": 1}
    return {
        "id": 900,
        "type": "row",
        "title": "More",
        "collapsed": False,
        "gridPos": place,
        "panels": [],
        **fields,
    }


@operator("A11", "row-panels-misplaced", on=("classic", "v1"))
def open_row_with_panels(control: Control) -> Iterator[Change]:
    """A panel inside of an open row: Grafana never shows it."""
    pointer = f"{control.body}/panels"
    panels = look(control.document, pointer)
    for number, panel in enumerate(panels):
        if panel["type"] == "row" and panel.get("panels"):
            opened = put(control.document, f"{pointer}/{number}/collapsed", False)
            places = (Place(f"{pointer}/{number}/panels"), Place(f"{pointer}/{number}/collapsed"))
            yield Change(f"row {panel['title']} opened", places, opened)
        elif panel["type"] != "row" and "libraryPanel" not in panel:
            inside = [*panels[:number], _row(panel["gridPos"]["y"], panels=[panel]), *panels[number + 1 :]]
            places = (Place(f"{pointer}/{number}/panels"), Place(f"{pointer}/{number}/collapsed"))
            yield Change(f"panel {panel['id']} inside", places, put(control.document, pointer, inside))


@operator("A11", "row-panels-misplaced", on=("classic", "v1"))
def closed_row_without_its_panels(control: Control) -> Iterator[Change]:
    """A closed row whose panels stand behind it."""
    pointer = f"{control.body}/panels"
    panels = look(control.document, pointer)
    for number, panel in enumerate(panels[:-1]):
        if panel["type"] == "row" and not panel["collapsed"] and panels[number + 1]["type"] != "row":
            places = (Place(f"{pointer}/{number}/collapsed"), Place(f"{pointer}/{number + 1}"))
            closed = put(control.document, f"{pointer}/{number}/collapsed", True)
            yield Change(f"row {panel['title']} closed", places, closed)
    last = panels[-1]
    if last["type"] != "row":
        row = _row(last["gridPos"]["y"], collapsed=True)
        at = len(panels) - 1
        places = (Place(f"{pointer}/{at}/collapsed"), Place(f"{pointer}/{at + 1}"))
        moved = put(last, "/gridPos/y", last["gridPos"]["y"] + 1)
        yield Change(
            "closed row before the last", places, put(control.document, pointer, [*panels[:-1], row, moved])
        )


@operator("A12", "legacy-rows", "file-schema", on=("classic", "v1"))
def rows_of_old(control: Control) -> Iterator[Change]:
    """Panels in ``rows``, as before Grafana 5."""
    panels = [panel for panel in look(control.document, f"{control.body}/panels") if panel["type"] != "row"]
    place = (Place(f"{control.body}/rows"),)
    without = drop(control.document, f"{control.body}/panels")
    row = {"title": "All", "height": 250, "collapse": False}
    for what, rows in (
        ("one row", [{**row, "panels": panels}]),
        ("a row each", [{**row, "panels": [panel]} for panel in panels]),
    ):
        yield Change(what, place, put(without, f"{control.body}/rows", rows))
    extra = [{**row, "panels": panels[:1]}]
    fewer = put(control.document, f"{control.body}/panels", panels[1:])
    yield Change("beside the panels", place, put(fewer, f"{control.body}/rows", extra))


@operator("A13", "layout-element", on=("v2",))
def element_of_another_name(control: Control) -> Iterator[Change]:
    """A place of the layout names an element that does not exist."""
    for item in control.dashboard.layout:
        pointer = next(
            found
            for found in (f"{item.pointer}/spec/element/name", f"{item.pointer}/element/name")
            if has(control.document, found)
        )
        gone = control.dashboard.elements[item.element]
        places = (Place(pointer), Place(gone))
        yield Change(f"{item.element} renamed", places, put(control.document, pointer, f"{item.element}-old"))
        yield Change(f"{item.element} gone", (Place(pointer),), drop(control.document, gone))


@operator("A13", "layout-element", on=("v2",))
def element_without_place(control: Control) -> Iterator[Change]:
    """An element that the layout does not show."""
    for item in control.dashboard.layout:
        element = control.dashboard.elements[item.element]
        yield Change(item.element, (Place(element),), drop(control.document, item.pointer))


@operator("A13", "section-variable-shadowed", on=("v2",))
def variable_shadowed(control: Control) -> Iterator[Change]:
    """A row or tab has a variable of the dashboard's once more."""
    for section in control.dashboard.sections:
        for variable in look(control.document, "/spec/variables")[1:]:
            pointer = f"{section.pointer}/spec/variables"
            if not has(control.document, f"{section.pointer}/spec"):
                pointer = f"{section.pointer}/variables"
            number = len(look(control.document, pointer)) if has(control.document, pointer) else 0
            place = (Place(f"{pointer}/{number}"), Place(f"{pointer}/{number}/spec/name"))
            name = variable["spec"]["name"]
            yield Change(f"{name} in {section.title}", place, append(control.document, pointer, variable))


OPERATORS = (
    panel_id_twice, panel_id_of_a_row, ref_id_twice, ref_id_missing, reference_to_nothing,
    expressions_in_a_circle, place_wrong, place_missing, on_top_of_another, open_row_with_panels,
    closed_row_without_its_panels, rows_of_old, element_of_another_name, element_without_place,
    variable_shadowed,
)  # fmt: skip
