"""Reads dashboards in Grafana's classic format: ``panels``, ``templating``, ``annotations``; also its old ``rows``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from staging_validation.dashboards.envelope import Classified
from staging_validation.dashboards.model import (
    Dashboard,
    DatasourceRef,
    Grid,
    LibraryRef,
    Panel,
    Scope,
    Section,
    Target,
)
from staging_validation.dashboards.reading_annotations import classic_annotations
from staging_validation.dashboards.reading_parts import (
    Datasources,
    datasource_ref,
    read_field_config,
    read_links,
    read_target,
    transformation,
)
from staging_validation.dashboards.reading_values import (
    flag,
    items,
    mapping,
    number,
    text,
    text_or_none,
    texts,
    whole,
)
from staging_validation.dashboards.reading_variables import classic_variables, datasource_types

_UNIT_OF_OLD_TYPES = {"singlestat": "format", "grafana-singlestat-panel": "format"}


def read_classic(content: Mapping[str, Any], shape: Classified, frame: Mapping[str, Any]) -> Dashboard:
    """Read a classic dashboard.

    Args:
        content: The dashboard.
        shape: The shape of its file.
        frame: What the file says around it: arguments of :class:`Dashboard`.

    Returns:
        The dashboard.
    """
    body = shape.body
    inputs = {
        text(entry.get("name")): text(entry.get("pluginId"))
        for entry in map(mapping, items(content.get("__inputs")))
        if text(entry.get("name"))
    }
    variables = classic_variables(
        items(mapping(content.get("templating")).get("list")), f"{body}/templating/list", inputs
    )
    datasources = Datasources(inputs | datasource_types(variables))
    sections: list[Section] = []
    panels = (
        *_panels(items(content.get("panels")), f"{body}/panels", datasources, sections),
        *_old_rows(items(content.get("rows")), f"{body}/rows", datasources, sections),
    )
    time = mapping(content.get("time"))
    return Dashboard(
        title=text(content.get("title")),
        panels=panels,
        variables={variable.name: variable for variable in variables},
        all_variables=variables,
        time_from=text(time.get("from")) or "now-6h",
        time_to=text(time.get("to")) or "now",
        time_pointer=f"{body}/time",
        schema_version=whole(content.get("schemaVersion")),
        description=text(content.get("description")),
        tags=texts(content.get("tags")),
        refresh=text(content.get("refresh")),
        refresh_pointer=f"{body}/refresh",
        timezone=text(content.get("timezone")),
        links=read_links(content.get("links"), f"{body}/links", "dashboard"),
        annotations=classic_annotations(
            mapping(content.get("annotations")), f"{body}/annotations/list", datasources
        ),
        inputs=inputs,
        sections=tuple(sections),
        raw=content,
        **frame,
    )


def read_library_panel(
    path: str, value: Mapping[str, Any], content: Mapping[str, Any], shape: Classified
) -> Dashboard:
    """Read a library panel as a dashboard that holds nothing else, so that its queries are checked too.

    Args:
        path: The file.
        value: The whole file, which has the panel's name and id.
        content: The panel.
        shape: The shape of the file.

    Returns:
        The dashboard.
    """
    outer = mapping(value.get("result")) or value
    name = text(outer.get("name")) or text(content.get("title"))
    return Dashboard(
        path=path,
        uid=text(outer.get("uid")),
        title=name,
        panels=(_panel(content, shape.body, Datasources({})),),
        variables={},
        envelope=shape.envelope,
        api_version=shape.api_version,
        body=shape.body,
        raw=content,
    )


def _panels(
    found: list[Any], pointer: str, datasources: Datasources, sections: list[Section]
) -> Iterator[Panel]:
    """Yield the panels, and those that a collapsed row holds; the rows go to ``sections``."""
    entries = [(f"{pointer}/{position}", mapping(entry)) for position, entry in enumerate(found)]
    rows = _rows_above(entries)
    for place, entry in entries:
        if entry.get("type") != "row":
            yield _panel(entry, place, datasources, section=rows.get(place, ""))
            continue
        inside = items(entry.get("panels"))
        sections.append(_row(entry, place, len(inside)))
        for position, inner in enumerate(inside):
            yield _panel(
                mapping(inner), f"{place}/panels/{position}", datasources, section=place, nested=True
            )


def _rows_above(entries: list[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """Tell which open row each panel lies below: Grafana orders by place on the screen, not by place in the file."""

    def order(item: tuple[str, Mapping[str, Any]]) -> tuple[float, float]:
        grid = mapping(item[1].get("gridPos"))
        return number(grid.get("y")) or 0.0, number(grid.get("x")) or 0.0

    if not any(entry.get("type") == "row" for _, entry in entries):
        return {}
    gridded = all(isinstance(entry.get("gridPos"), dict) for _, entry in entries)
    current, found = "", {}
    for place, entry in sorted(entries, key=order) if gridded else entries:
        if entry.get("type") == "row":
            current = "" if flag(entry.get("collapsed")) else place
        elif current:
            found[place] = current
    return found


def _row(entry: Mapping[str, Any], pointer: str, holds: int) -> Section:
    return Section(
        Scope.ROW,
        text(entry.get("title")),
        pointer,
        collapsed=flag(entry.get("collapsed")),
        repeat=text_or_none(entry.get("repeat")),
        holds=holds,
        grid=_grid(entry, pointer),
        id=whole(entry.get("id")),
    )


def _old_rows(
    found: list[Any], pointer: str, datasources: Datasources, sections: list[Section]
) -> Iterator[Panel]:
    for position, entry in enumerate(map(mapping, found)):
        place, inside = f"{pointer}/{position}", items(entry.get("panels"))
        sections.append(
            Section(
                Scope.ROW,
                text(entry.get("title")),
                place,
                collapsed=flag(entry.get("collapse")),
                repeat=text_or_none(entry.get("repeat")),
                holds=len(inside),
            )
        )
        for number_inside, inner in enumerate(inside):
            yield _panel(
                mapping(inner), f"{place}/panels/{number_inside}", datasources, section=place, nested=True
            )


def _panel(
    entry: Mapping[str, Any],
    pointer: str,
    datasources: Datasources,
    *,
    section: str = "",
    nested: bool = False,
) -> Panel:
    own = datasource_ref(entry.get("datasource"), f"{pointer}/datasource")
    fields = read_field_config(mapping(entry.get("fieldConfig")), f"{pointer}/fieldConfig")
    kind = text(entry.get("type"))
    if not fields["unit"]:
        fields |= _old_unit(entry, kind, pointer)
    library, number_of = mapping(entry.get("libraryPanel")), whole(entry.get("id"))
    data_links = mapping(mapping(entry.get("fieldConfig")).get("defaults")).get("links")
    return Panel(
        id=number_of or 0,
        has_id=number_of is not None,
        title=text(entry.get("title")),
        type=kind,
        pointer=pointer,
        spec=pointer,
        targets=tuple(
            _target(mapping(target), f"{pointer}/targets/{position}", own, datasources)
            for position, target in enumerate(items(entry.get("targets")))
        ),
        time_from=text_or_none(entry.get("timeFrom")),
        interval=text_or_none(entry.get("interval")),
        max_data_points=whole(entry.get("maxDataPoints")),
        time_shift=text_or_none(entry.get("timeShift")),
        description=text(entry.get("description")),
        grid=_grid(entry, pointer),
        transformations=tuple(
            transformation(mapping(step).get("id"), mapping(step), place, place)
            for place, step in _placed(entry.get("transformations"), f"{pointer}/transformations")
        ),
        options=mapping(entry.get("options")),
        options_pointer=f"{pointer}/options",
        links=(
            *read_links(entry.get("links"), f"{pointer}/links", "panel"),
            *read_links(data_links, f"{pointer}/fieldConfig/defaults/links", "data"),
        ),
        repeat=text_or_none(entry.get("repeat")),
        library=LibraryRef(text(library.get("uid")), text(library.get("name")), f"{pointer}/libraryPanel")
        if library
        else None,
        datasource=own,
        section=section,
        nested=nested,
        raw=entry,
        **fields,
    )


def _placed(value: object, pointer: str) -> Iterator[tuple[str, Any]]:
    for position, entry in enumerate(items(value)):
        yield f"{pointer}/{position}", entry


def _old_unit(entry: Mapping[str, Any], kind: str, pointer: str) -> dict[str, Any]:
    """Find the unit of a panel type from before Grafana 7, which had it elsewhere."""
    if kind == "graph":
        axes = items(entry.get("yaxes"))
        return {
            "unit": text_or_none(mapping(axes[0] if axes else None).get("format")),
            "unit_pointer": f"{pointer}/yaxes/0/format",
        }
    name = _UNIT_OF_OLD_TYPES.get(kind)
    return {"unit": text_or_none(entry.get(name)), "unit_pointer": f"{pointer}/{name}"} if name else {}


def _grid(entry: Mapping[str, Any], pointer: str) -> Grid | None:
    grid = entry.get("gridPos")
    if not isinstance(grid, dict):
        return None
    x, y, w, h = (number(grid.get(side)) for side in "xywh")
    return Grid(x, y, w, h, f"{pointer}/gridPos")


def _target(
    entry: Mapping[str, Any], pointer: str, panels: DatasourceRef | None, datasources: Datasources
) -> Target:
    own = datasource_ref(entry.get("datasource"), f"{pointer}/datasource")
    return read_target(
        entry,
        pointer,
        datasource_type=datasources.type_of(own) or datasources.type_of(panels),
        ref_id=text(entry.get("refId")),
        hidden=flag(entry.get("hide")),
        pointer=pointer,
        ref_id_pointer=f"{pointer}/refId",
        datasource=own,
        datasource_uid=(own or panels or DatasourceRef("", "")).text,
        raw=entry,
    )
