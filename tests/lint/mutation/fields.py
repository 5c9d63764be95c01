"""Breaks what panels make of their queries' answers, and where they get them (classes B9 to B16, D27 to D29)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle

from staging_validation.dashboards.model import Link, Panel, TargetKind
from tests.lint.mutation.documents import append, drop, has, look, parent, put
from tests.lint.mutation.mutant import Change, Control, Place, operator
from tests.lint.mutation.parts import (
    option_pointer,
    target_copy,
    targets_pointer,
    transformation,
    transformations_pointer,
)

_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LABELS = ("plan", "status", "payment_method", "failure_code", "reason", "resource_type", "customer_id")


def _promql(control: Control, *types: str) -> Iterator[Panel]:
    for panel in control.panels(*types):
        if panel.targets and all(target.kind is TargetKind.PROMQL for target in panel.targets):
            yield panel


@operator("B9", "override-without-field")
def override_of_nothing(control: Control) -> Iterator[Change]:
    """An override for a field that no query gives."""
    for panel in control.panels():
        if any(step.id in ("merge", "calculateField") for step in panel.transformations):
            continue  # they make fields of their own
        for override in panel.overrides:
            if override.matcher == "byRegexp":
                continue
            pointer = f"{override.pointer}/matcher/options"
            wrong = "Z" if override.matcher == "byFrameRefID" else f"{override.options}_old"
            changed = put(control.document, pointer, wrong)
            yield Change(
                f"panel {panel.id}: {override.options} at {override.pointer}", (Place(pointer),), changed
            )


@operator("B9", "transformation-without-field")
def transformation_of_nothing(control: Control) -> Iterator[Change]:
    """A transformation names a field or a letter that does not exist."""
    for panel in _promql(control, "table", "barchart"):
        if any(step.id in ("merge", "calculateField") for step in panel.transformations):
            continue
        pointer = transformations_pointer(control, panel)
        number = len(look(control.document, pointer)) if has(control.document, pointer) else 0
        steps = {
            "join": transformation(control, "joinByField", byField="paln", mode="outer"),
            "filter": transformation(control, "filterByRefId", include="Z"),
            "sort": transformation(control, "sortBy", fields={}, sort=[{"field": "Amount", "desc": True}]),
            "organize": transformation(
                control, "organize", renameByName={"Valeu": "Number"}, excludeByName={}, indexByName={}
            ),
        }
        if len(panel.targets) == 1:
            del steps["join"]  # joins nothing
        for what, step in steps.items():
            changed = append(control.document, pointer, step)
            yield Change(f"panel {panel.id}: {what}", (Place(f"{pointer}/{number}"),), changed)


@operator("B10", "legend-label-lost")
def legend_of_a_lost_label(control: Control) -> Iterator[Change]:
    """A legend names a label that the query drops."""
    for panel in _promql(control, "timeseries", "piechart", "bargauge"):
        for target in panel.targets:
            used = _LABEL.findall(target.legend or "")
            for label in [label for label in _LABELS if label not in used and label not in target.expr][:2]:
                pointer = f"{target.fields}/legendFormat"
                changed = put(control.document, pointer, f"{{{{{label}}}}}")
                yield Change(f"panel {panel.id} {target.ref_id}: {label}", (Place(pointer),), changed)


@operator("B10", "legend-label-lost", learned=False)
def legend_the_same_for_all(control: Control) -> Iterator[Change]:
    """Several series have one name."""
    for panel in _promql(control, "timeseries", "piechart", "bargauge"):
        for target in panel.targets:
            if _LABEL.search(target.legend or ""):
                pointer = f"{target.fields}/legendFormat"
                changed = put(control.document, pointer, "Total")
                yield Change(f"panel {panel.id} {target.ref_id}", (Place(pointer),), changed)


@operator("B11", "range-query-for-single-value")
def range_for_one_value(control: Control) -> Iterator[Change]:
    """A panel that shows one number asks for a series of them."""
    for panel in _promql(control, "stat", "gauge", "piechart", "bargauge", "table"):
        for target in panel.targets:
            if target.instant and "$__range" in target.expr:
                pointer = f"{target.fields}/range"
                changed = put(put(control.document, f"{target.fields}/instant", False), pointer, True)
                places = (Place(pointer), Place(f"{target.fields}/instant"), Place(target.pointer))
                yield Change(f"panel {panel.id} {target.ref_id}", places, changed)


def _uid(control: Control) -> str:
    return "name" if "v2" in control.tags else "uid"


@operator("B13", "datasource-reference")
def datasource_of_one_place(control: Control) -> Iterator[Change]:
    """A data source by its id, by its name, or by a variable that does not exist."""
    for panel in _promql(control):
        for target in panel.targets:
            found = target.datasource
            if found is None:
                continue
            pointer = f"{found.pointer}/{_uid(control)}"
            for wrong in ("PBFA97CFB590B2093", "${ds}"):
                changed = put(control.document, pointer, wrong)
                what = f"panel {panel.id} {target.ref_id}: {wrong}"
                yield Change(what, (Place(found.pointer), Place(pointer)), changed)
            if "v2" not in control.tags:
                changed = put(control.document, found.pointer, "Prometheus")
                yield Change(f"panel {panel.id} {target.ref_id}: by name", (Place(found.pointer),), changed)


@operator("B13", "datasource-reference")
def datasource_missing(control: Control) -> Iterator[Change]:
    """No data source: that of whoever imports the dashboard."""
    for panel in _promql(control):
        changed, places = control.document, []
        for target in panel.targets:
            if target.datasource is not None:
                changed = drop(changed, target.datasource.pointer)
                places += [Place(target.datasource.pointer), Place(parent(target.datasource.pointer))]
        if panel.datasource is not None:
            changed = drop(changed, panel.datasource.pointer)
            places.append(Place(panel.datasource.pointer))
        yield Change(f"panel {panel.id}", tuple(places), changed)


@operator("B13", "datasource-reference", on=("classic", "v1"))
def mixed_without_datasource(control: Control) -> Iterator[Change]:
    """A panel of several data sources with a query that names none."""
    for panel in _promql(control):
        target = panel.targets[0]
        if panel.datasource is not None and target.datasource is not None:
            mixed = {"type": "datasource", "uid": "-- Mixed --"}
            changed = drop(put(control.document, panel.datasource.pointer, mixed), target.datasource.pointer)
            places = (Place(target.datasource.pointer), Place(target.pointer))
            yield Change(f"panel {panel.id}", places, changed)


@operator("B14", "link-broken", "undefined-variable")
def link_broken(control: Control) -> Iterator[Change]:
    """A link with a variable that does not exist, or that leads nowhere."""
    links: list[Link] = [
        *control.dashboard.links,
        *(link for panel in control.panels() for link in panel.links),
    ]
    for link in links:
        if link.lists_dashboards:
            continue
        wrong = (
            "",
            "/d/x?var-plan=${plna}",
            "/d/x?${__url_timerange}",
            "/d/x?${__url_time_rang}",
            "/d/x?$plna",
        )
        for url in wrong:
            pointer = f"{link.pointer}/url"
            yield Change(f"{link.title}: {url!r}", (Place(pointer),), put(control.document, pointer, url))


@operator("B14", "link-broken", "undefined-variable")
def link_added(control: Control) -> Iterator[Change]:
    """A panel gets a link that is broken."""
    urls = cycle(("", "/d/billing?var-plan=${paln}", "/d/billing?${__url_timerange}"))
    for panel in _promql(control):
        url, pointer = next(urls), f"{panel.spec}/links"
        number = len(look(control.document, pointer)) if has(control.document, pointer) else 0
        changed = append(control.document, pointer, {"title": "More", "url": url})
        yield Change(f"panel {panel.id}: {url!r}", (Place(f"{pointer}/{number}/url"),), changed)


@operator("B12", "library-panel-unresolved", on=("classic", "v1"))
def library_panel(control: Control) -> Iterator[Change]:
    """A panel that stands elsewhere."""
    for panel in _promql(control):
        uid = f"shared-{panel.id}"
        copied = {
            "id": panel.id,
            "title": panel.title,
            "gridPos": look(control.document, f"{panel.pointer}/gridPos"),
        }
        changed = put(
            control.document, panel.pointer, {**copied, "libraryPanel": {"uid": uid, "name": panel.title}}
        )
        yield Change(f"panel {panel.id}", (Place(f"{panel.pointer}/libraryPanel"),), changed)


@operator("B15", "panel-time-window")
def window_without_samples(control: Control) -> Iterator[Change]:
    """A window too short for two scrapes, or a step longer than the range."""
    for panel in _promql(control, "timeseries", "stat", "gauge", "bargauge"):
        for name, value in (("timeFrom", "10s"), ("timeFrom", "20s"), ("interval", "3d")):
            pointer = option_pointer(control, panel, name)
            changed = put(control.document, pointer, value)
            if name == "interval" and panel.type != "timeseries":
                continue
            yield Change(f"panel {panel.id}: {name} = {value}", (Place(pointer),), changed)


@operator("B16", "repeat-variable", "undefined-variable")
def repeat_of_nothing(control: Control) -> Iterator[Change]:
    """Repeats for a variable that does not exist, or that has one value."""
    items = {control.dashboard.elements[item.element]: item.pointer for item in control.dashboard.layout}
    for panel in control.panels("timeseries", "stat"):
        classic = "v2" not in control.tags
        holder = panel.pointer if classic else items[panel.pointer]
        if not classic and "Auto" in look(control.document, holder).get("kind", ""):
            continue
        pointer = f"{holder}/repeat" if classic else f"{holder}/spec/repeat"
        for name in ("plna", "datasource"):
            value = name if classic else {"mode": "variable", "value": name}
            changed = put(control.document, pointer, value)
            yield Change(f"panel {panel.id}: {name}", (Place(pointer),), changed)


@operator("D27", "duplicate-query")
def query_twice(control: Control) -> Iterator[Change]:
    """A panel asks one thing twice."""
    for panel in _promql(control):
        target = panel.targets[0]
        pointer = targets_pointer(control, panel)
        places = (Place(f"{pointer}/{len(panel.targets)}"), Place(target.expr_pointer), Place(target.pointer))
        copied = target_copy(control, target, ref="Y")
        yield Change(f"panel {panel.id}", places, append(control.document, pointer, copied))


@operator("D28", "target-not-checked")
def other_language(control: Control) -> Iterator[Change]:
    """A query of another data source: not PromQL, so not judged as such."""
    kinds = cycle(("loki", "influxdb", "mysql", "elasticsearch", "cloudwatch"))
    for panel in _promql(control, "timeseries", "table", "stat"):
        target, kind = panel.targets[0], next(kinds)
        if target.datasource is None:
            continue
        name = (
            f"{parent(target.datasource.pointer)}/group"
            if "v2" in control.tags
            else f"{target.datasource.pointer}/type"
        )
        changed = put(control.document, name, kind)
        changed = put(changed, target.expr_pointer, 'select count(*) from "sales" where plan = $plan')
        yield Change(f"panel {panel.id}: {kind}", (Place(target.pointer), Place(name)), changed)


@operator("D29", "expression-of-missing-data")
def reduce_of_nothing(control: Control) -> Iterator[Change]:
    """A reduction of what may be no number, without saying what becomes of it."""
    for panel in _promql(control, "timeseries"):
        target = panel.targets[0]
        if "histogram_quantile" in target.expr:
            pointer = targets_pointer(control, panel)
            number = len(panel.targets)
            copied = target_copy(
                control, target, ref="R", kind="reduce", expression=target.ref_id, reducer="mean"
            )
            places = (Place(f"{pointer}/{number}"), Place(f"{pointer}/{number}/spec/query"))
            yield Change(f"panel {panel.id}", places, append(control.document, pointer, copied))


OPERATORS = (
    override_of_nothing, transformation_of_nothing, legend_of_a_lost_label, legend_the_same_for_all,
    range_for_one_value, datasource_of_one_place, datasource_missing, mixed_without_datasource, link_broken,
    link_added, library_panel, window_without_samples, repeat_of_nothing, query_twice, other_language,
    reduce_of_nothing,
)  # fmt: skip
