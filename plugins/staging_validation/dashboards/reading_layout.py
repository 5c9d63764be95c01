"""Walks through the layout of a dashboard of version 2: grids, automatic grids, rows and tabs inside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from staging_validation.dashboards.model import Grid, LayoutItem, Scope, Section, Variable
from staging_validation.dashboards.reading_values import flag, items, mapping, number, text, text_or_none
from staging_validation.dashboards.reading_variables import datasource_types, v2_variables

_SECTIONS = {"RowsLayout": ("rows", Scope.ROW), "TabsLayout": ("tabs", Scope.TAB)}


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout, flat.

    Attributes:
        items: The places, in the order in which they are shown.
        sections: The rows and tabs, in the order of the file.
        variables: Their variables.
    """

    items: tuple[LayoutItem, ...]
    sections: tuple[Section, ...]
    variables: tuple[Variable, ...]


def read_layout(layout: Mapping[str, Any], pointer: str, types: Mapping[str, str]) -> Layout:
    """Read a layout.

    Args:
        layout: The layout of a dashboard.
        pointer: Where it stands.
        types: The types of the data sources that the dashboard's variables choose from.

    Returns:
        Its places, rows, tabs and their variables.
    """
    walk = _Walk(dict(types))
    walk.layout(layout, pointer, "")
    return Layout(tuple(walk.items), tuple(walk.sections), tuple(walk.variables))


class _Walk:
    """Collects what a layout holds; the file's nesting is limited, so a layout inside a layout costs little stack."""

    def __init__(self, types: dict[str, str]) -> None:
        self.items: list[LayoutItem] = []
        self.sections: list[Section] = []
        self.variables: list[Variable] = []
        self._types = types

    def layout(self, layout: Mapping[str, Any], pointer: str, section: str) -> None:
        spec = mapping(layout.get("spec"))
        inside = _SECTIONS.get(text(layout.get("kind")))
        if inside is None:
            self._grid(items(spec.get("items")), f"{pointer}/spec/items", section)
            return
        key, scope = inside
        for position, entry in enumerate(items(spec.get(key))):
            self._section(mapping(entry), f"{pointer}/spec/{key}/{position}", scope, section)

    def _section(self, entry: Mapping[str, Any], pointer: str, scope: Scope, parent: str) -> None:
        spec = mapping(entry.get("spec"))
        position = len(self.sections)
        self.sections.append(Section(scope, "", pointer))
        found = v2_variables(
            items(spec.get("variables")),
            f"{pointer}/spec/variables",
            self._types,
            scope=scope,
            section=pointer,
        )
        self.variables += found
        self._types |= datasource_types(found)
        before = len(self.items)
        self.layout(mapping(spec.get("layout")), f"{pointer}/spec/layout", pointer)
        self.sections[position] = Section(
            scope,
            text(spec.get("title")),
            pointer,
            collapsed=flag(spec.get("collapse")),
            repeat=_repeat(spec),
            parent=parent,
            holds=len(self.items) - before,
        )

    def _grid(self, entries: list[Any], pointer: str, section: str) -> None:
        for position, entry in enumerate(map(mapping, entries)):
            place, spec = f"{pointer}/{position}", mapping(entry.get("spec"))
            if entry.get("kind") == "GridLayoutRow":  # v2alpha1
                self.sections.append(
                    Section(
                        Scope.ROW,
                        text(spec.get("title")),
                        place,
                        collapsed=flag(spec.get("collapsed")),
                        repeat=_repeat(spec),
                        parent=section,
                        holds=len(items(spec.get("elements"))),
                    )
                )
                self._grid(items(spec.get("elements")), f"{place}/spec/elements", place)
            else:
                self._item(spec, place, section)

    def _item(self, spec: Mapping[str, Any], pointer: str, section: str) -> None:
        grid = None
        if "width" in spec or "height" in spec or "x" in spec:
            x, y, w, h = (number(spec.get(side)) for side in ("x", "y", "width", "height"))
            grid = Grid(x, y, w, h, f"{pointer}/spec")
        name = text(mapping(spec.get("element")).get("name"))
        self.items.append(LayoutItem(name, pointer, section, grid, _repeat(spec)))


def _repeat(spec: Mapping[str, Any]) -> str | None:
    return text_or_none(mapping(spec.get("repeat")).get("value"))
