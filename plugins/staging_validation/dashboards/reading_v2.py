"""Reads dashboards of version 2: elements by name, and a layout of grids, rows and tabs that places them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from staging_validation.dashboards.envelope import Classified
from staging_validation.dashboards.model import (
    Dashboard,
    LayoutItem,
    LibraryRef,
    Panel,
    Target,
)
from staging_validation.dashboards.reading_annotations import v2_annotations
from staging_validation.dashboards.reading_layout import Layout, read_layout
from staging_validation.dashboards.reading_parts import (
    Datasources,
    below,
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
    text,
    text_or_none,
    texts,
    whole,
)
from staging_validation.dashboards.reading_variables import datasource_types, v2_datasource_ref, v2_variables


def read_v2(content: Mapping[str, Any], shape: Classified, frame: Mapping[str, Any]) -> Dashboard:
    """Read a dashboard of version 2.

    Args:
        content: The dashboard: the ``spec`` of the resource.
        shape: The shape of its file.
        frame: What the file says around it: arguments of :class:`Dashboard`.

    Returns:
        The dashboard. Its panels come in the order of the layout; those that it does not place come last.
    """
    body = shape.body
    variables = v2_variables(items(content.get("variables")), f"{body}/variables", {})
    types = datasource_types(variables)
    layout = read_layout(mapping(content.get("layout")), f"{body}/layout", types)
    datasources = Datasources(types | datasource_types(layout.variables))
    elements = {name: below(f"{body}/elements", name) for name in mapping(content.get("elements"))}
    time = mapping(content.get("timeSettings"))
    return Dashboard(
        title=text(content.get("title")),
        panels=tuple(_panels(mapping(content.get("elements")), elements, layout, datasources)),
        variables={variable.name: variable for variable in variables},
        all_variables=(*variables, *layout.variables),
        time_from=text(time.get("from")) or "now-6h",
        time_to=text(time.get("to")) or "now",
        time_pointer=f"{body}/timeSettings",
        description=text(content.get("description")),
        tags=texts(content.get("tags")),
        refresh=text(time.get("autoRefresh")),
        refresh_pointer=f"{body}/timeSettings/autoRefresh",
        timezone=text(time.get("timezone")),
        links=read_links(content.get("links"), f"{body}/links", "dashboard"),
        annotations=v2_annotations(content.get("annotations"), f"{body}/annotations", datasources),
        sections=layout.sections,
        layout=layout.items,
        elements=elements,
        raw=content,
        **frame,
    )


def _panels(
    found: Mapping[str, Any], elements: Mapping[str, str], layout: Layout, datasources: Datasources
) -> Iterator[Panel]:
    places: dict[str, LayoutItem] = {}
    for item in layout.items:
        if item.element in elements:
            places.setdefault(item.element, item)
    for name in (*places, *(name for name in elements if name not in places)):
        yield _panel(mapping(found[name]), name, elements[name], places.get(name), datasources)


def _panel(
    element: Mapping[str, Any],
    name: str,
    pointer: str,
    item: LayoutItem | None,
    datasources: Datasources,
) -> Panel:
    spec, place = mapping(element.get("spec")), f"{pointer}/spec"
    data, data_place = mapping(mapping(spec.get("data")).get("spec")), f"{place}/data/spec"
    visual, visual_place = mapping(spec.get("vizConfig")), f"{place}/vizConfig/spec"
    look = mapping(visual.get("spec"))
    config = mapping(look.get("fieldConfig"))
    options = mapping(data.get("queryOptions"))
    number = whole(spec.get("id"))
    return Panel(
        id=number or 0,
        has_id=number is not None,
        title=text(spec.get("title")),
        type=text(visual.get("group")) or _old_kind(visual, "VizConfig"),
        pointer=pointer,
        spec=place,
        targets=tuple(
            _target(mapping(query), f"{data_place}/queries/{position}", datasources)
            for position, query in enumerate(items(data.get("queries")))
        ),
        time_from=text_or_none(options.get("timeFrom")),
        interval=text_or_none(options.get("interval")),
        max_data_points=whole(options.get("maxDataPoints")),
        time_shift=text_or_none(options.get("timeShift")),
        description=text(spec.get("description")),
        grid=item.grid if item else None,
        transformations=tuple(
            transformation(
                step.get("group") or _old_kind(step, "Transformation"),
                mapping(step.get("spec")),
                f"{data_place}/transformations/{position}",
                f"{data_place}/transformations/{position}/spec",
            )
            for position, step in enumerate(map(mapping, items(data.get("transformations"))))
        ),
        options=mapping(look.get("options")),
        options_pointer=f"{visual_place}/options",
        links=(
            *read_links(spec.get("links"), f"{place}/links", "panel"),
            *read_links(
                mapping(config.get("defaults")).get("links"),
                f"{visual_place}/fieldConfig/defaults/links",
                "data",
            ),
        ),
        repeat=item.repeat if item else None,
        library=_library(spec, place),
        section=item.section if item else "",
        element=name,
        placed=item is not None,
        raw=element,
        **read_field_config(config, f"{visual_place}/fieldConfig"),
    )


def _old_kind(part: Mapping[str, Any], kind: str) -> str:
    """Return the plugin's id where v2alpha1 had it: as the kind itself."""
    found = text(part.get("kind"))
    return "" if found == kind else found


def _library(spec: Mapping[str, Any], pointer: str) -> LibraryRef | None:
    found = mapping(spec.get("libraryPanel"))
    if not found:
        return None
    return LibraryRef(text(found.get("uid")), text(found.get("name")), f"{pointer}/libraryPanel")


def _target(entry: Mapping[str, Any], pointer: str, datasources: Datasources) -> Target:
    spec = mapping(entry.get("spec"))
    query, place = mapping(spec.get("query")), f"{pointer}/spec/query"
    own = v2_datasource_ref(query, place)
    if isinstance(spec.get("datasource"), dict):  # v2alpha1
        own = datasource_ref(spec["datasource"], f"{pointer}/spec/datasource") or own
    return read_target(
        mapping(query.get("spec")),
        f"{place}/spec",
        datasource_type=datasources.type_of(own),
        ref_id=text(spec.get("refId")),
        hidden=flag(spec.get("hidden")),
        pointer=pointer,
        ref_id_pointer=f"{pointer}/spec/refId",
        datasource=own,
        datasource_uid=own.text if own else "",
        raw=entry,
    )
