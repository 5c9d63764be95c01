"""Reads the annotation queries of both formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from staging_validation.dashboards.model import Annotation, TargetKind
from staging_validation.dashboards.reading_parts import Datasources, datasource_ref, panel_ids, query_kind
from staging_validation.dashboards.reading_values import flag, items, mapping, text, text_or_none
from staging_validation.dashboards.reading_variables import v2_datasource_ref

_TEXTS = ("titleFormat", "textFormat", "tagKeys")


def classic_annotations(
    annotations: Mapping[str, Any], pointer: str, datasources: Datasources
) -> tuple[Annotation, ...]:
    """Read the annotation queries of a classic dashboard.

    Args:
        annotations: Its ``annotations``.
        pointer: Where their list stands.
        datasources: Tells the types of data sources.

    Returns:
        The queries, in the order of the file.
    """
    return tuple(
        _classic(mapping(entry), f"{pointer}/{position}", datasources)
        for position, entry in enumerate(items(annotations.get("list")))
    )


def v2_annotations(value: object, pointer: str, datasources: Datasources) -> tuple[Annotation, ...]:
    """Read the annotation queries of version 2; see :func:`classic_annotations`."""
    return tuple(
        _v2(mapping(mapping(entry).get("spec")), f"{pointer}/{position}", datasources)
        for position, entry in enumerate(items(value))
    )


def _classic(entry: Mapping[str, Any], pointer: str, datasources: Datasources) -> Annotation:
    own = datasource_ref(entry.get("datasource"), f"{pointer}/datasource")
    inner = mapping(entry.get("target"))
    nested = isinstance(inner.get("expr"), str) and not isinstance(entry.get("expr"), str)
    fields = inner if nested else entry
    datasource_type = datasources.type_of(own)
    kind = query_kind(datasource_type, fields)
    if not datasource_type and not isinstance(fields.get("expr"), str):
        kind = TargetKind.OTHER
    return Annotation(
        name=text(entry.get("name")),
        pointer=pointer,
        enabled=entry.get("enable") is not False,
        hidden=flag(entry.get("hide")),
        built_in=bool(entry.get("builtIn")),
        datasource=own,
        datasource_type=datasource_type,
        kind=kind,
        expr=text(fields.get("expr")) if kind is TargetKind.PROMQL else "",
        expr_pointer=f"{pointer}/target/expr" if nested else f"{pointer}/expr",
        interval=text_or_none(fields.get("step")) or text_or_none(fields.get("interval")),
        texts={name: text(entry.get(name)) for name in _TEXTS if entry.get(name)},
        panel_ids=panel_ids(entry.get("filter")),
        raw=entry,
    )


def _v2(spec: Mapping[str, Any], pointer: str, datasources: Datasources) -> Annotation:
    query, place = mapping(spec.get("query")), f"{pointer}/spec/query"
    own = v2_datasource_ref(query, place)
    if isinstance(spec.get("datasource"), dict):  # v2alpha1
        own = datasource_ref(spec["datasource"], f"{pointer}/spec/datasource") or own
    old = mapping(spec.get("legacyOptions"))
    fields, fields_place = mapping(query.get("spec")), f"{place}/spec"
    if "expr" not in fields and isinstance(old.get("expr"), str):
        fields, fields_place = old, f"{pointer}/spec/legacyOptions"
    datasource_type = datasources.type_of(own)
    kind = query_kind(datasource_type, fields) if datasource_type else TargetKind.OTHER
    return Annotation(
        name=text(spec.get("name")),
        pointer=pointer,
        enabled=spec.get("enable") is not False,
        hidden=flag(spec.get("hide")),
        built_in=flag(spec.get("builtIn")),
        datasource=own,
        datasource_type=datasource_type,
        kind=kind,
        expr=text(fields.get("expr")) if kind is TargetKind.PROMQL else "",
        expr_pointer=f"{fields_place}/expr",
        interval=text_or_none(fields.get("step")) or text_or_none(fields.get("interval")),
        texts={name: text(old.get(name)) for name in _TEXTS if old.get(name)},
        panel_ids=panel_ids(spec.get("filter")),
        raw=spec,
    )
