"""Reads the variables of both formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from staging_validation.dashboards.model import ALL, DatasourceRef, Scope, Variable
from staging_validation.dashboards.reading_parts import Datasources, datasource_ref
from staging_validation.dashboards.reading_values import flag, items, mapping, one_or_many, text

_LISTED = frozenset({"custom", "interval"})
"""Variable types whose query is the list of their values."""

_FIXED = frozenset({"constant", "textbox"})
"""Variable types whose query is their value."""

_REFRESH = ("never", "onDashboardLoad", "onTimeRangeChanged")
_HIDE = ("dontHide", "hideLabel", "hideVariable", "inControlsMenu")
_SORT = (
    "disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc",
    "alphabeticalCaseInsensitiveAsc", "alphabeticalCaseInsensitiveDesc", "naturalAsc", "naturalDesc",
)  # fmt: skip
"""What the classic format writes as numbers, in the words of version 2."""

_KINDS = {
    "QueryVariable": "query",
    "TextVariable": "textbox",
    "ConstantVariable": "constant",
    "DatasourceVariable": "datasource",
    "IntervalVariable": "interval",
    "CustomVariable": "custom",
    "GroupByVariable": "groupby",
    "AdhocVariable": "adhoc",
    "SwitchVariable": "switch",
}
"""The kinds of version 2 by the types of the classic format."""

_UNESCAPED_COMMA = re.compile(r"(?<!\\),")


def datasource_types(variables: Iterable[Variable]) -> dict[str, str]:
    """Return which plugin's data sources a variable chooses from, by the variable's name."""
    return {
        variable.name: variable.query
        for variable in variables
        if variable.type == "datasource" and variable.query
    }


def classic_variables(found: list[Any], pointer: str, inputs: Mapping[str, str]) -> tuple[Variable, ...]:
    """Read the variables of a classic dashboard.

    Args:
        found: The entries of ``templating.list``.
        pointer: Where the list stands.
        inputs: The types of the data sources that an export asks for.

    Returns:
        The variables, in the order of the file.
    """
    entries = [(f"{pointer}/{position}", mapping(entry)) for position, entry in enumerate(found)]
    types = {
        text(entry.get("name")): text(entry.get("query"))
        for _, entry in entries
        if entry.get("type") == "datasource"
    }
    datasources = Datasources({**inputs, **types})
    return tuple(_classic(entry, place, datasources) for place, entry in entries)


def v2_variables(
    found: list[Any],
    pointer: str,
    types: Mapping[str, str],
    *,
    scope: Scope = Scope.DASHBOARD,
    section: str = "",
) -> tuple[Variable, ...]:
    """Read variables of version 2.

    Args:
        found: The entries of ``variables``.
        pointer: Where the list stands.
        types: The types of the data sources that outer variables choose from.
        scope: Where they hold.
        section: The row or tab that they belong to.

    Returns:
        The variables, in the order of the file.
    """
    entries = [(f"{pointer}/{position}", mapping(entry)) for position, entry in enumerate(found)]
    own = {
        text(spec.get("name")): text(spec.get("pluginId"))
        for spec in (mapping(entry.get("spec")) for _, entry in entries)
        if spec.get("pluginId")
    }
    datasources = Datasources({**types, **own})
    return tuple(_v2(entry, place, datasources, scope, section) for place, entry in entries)


def _classic(entry: Mapping[str, Any], pointer: str, datasources: Datasources) -> Variable:
    query, query_pointer, has_fields = _query(entry.get("query"), f"{pointer}/query")
    own = datasource_ref(entry.get("datasource"), f"{pointer}/datasource")
    return Variable(
        **_common(entry, text(entry.get("type")), query),
        pointer=pointer,
        spec=pointer,
        query_pointer=query_pointer,
        query_fields=has_fields,
        refresh=_word(entry.get("refresh"), _REFRESH),
        sort=_word(entry.get("sort"), _SORT),
        hide=_word(entry.get("hide"), _HIDE),
        datasource=own,
        datasource_type=datasources.type_of(own),
    )


def _v2(
    entry: Mapping[str, Any], pointer: str, datasources: Datasources, scope: Scope, section: str
) -> Variable:
    spec, place = mapping(entry.get("spec")), f"{pointer}/spec"
    kind = _KINDS.get(text(entry.get("kind")), "")
    query, query_pointer, has_fields = _v2_query(spec, kind, place)
    own = _v2_datasource(entry, spec, pointer)
    return Variable(
        **_common(spec, kind, query),
        pointer=pointer,
        spec=place,
        query_pointer=query_pointer,
        query_fields=has_fields,
        refresh=text(spec.get("refresh")) or "never",
        sort=text(spec.get("sort")) or "disabled",
        hide=text(spec.get("hide")) or "dontHide",
        datasource=own,
        datasource_type=datasources.type_of(own),
        scope=scope,
        section=section,
    )


def _common(entry: Mapping[str, Any], kind: str, query: str) -> dict[str, Any]:
    """Read what both formats write alike."""
    offered = [
        value for option in items(entry.get("options")) for value in one_or_many(mapping(option).get("value"))
    ]
    if not offered and kind in _LISTED:
        offered = [part.rpartition(" : ")[2].strip() for part in _UNESCAPED_COMMA.split(query)]
    current = entry.get("current")
    chosen = one_or_many(current.get("value") if isinstance(current, dict) else None)
    if kind == "switch":
        chosen = one_or_many(current) or chosen
        offered = [text(entry.get("enabledValue")) or "true", text(entry.get("disabledValue")) or "false"]
    if not any(chosen) and kind in _FIXED and query:
        chosen = (query,)
    return {
        "name": text(entry.get("name")),
        "type": kind,
        "multi": flag(entry.get("multi")),
        "include_all": flag(entry.get("includeAll")),
        "all_value": text(entry.get("allValue")) or None,
        "current": tuple(value for value in chosen if value != ""),
        "options": tuple(value for value in offered if value not in ("", ALL)),
        "label": text(entry.get("label")),
        "query": query,
        "definition": text(entry.get("definition")),
        "regex": text(entry.get("regex")),
        "allow_custom": entry.get("allowCustomValue") is not False,
        "auto": flag(entry.get("auto")),
    }


def _query(value: object, pointer: str) -> tuple[str, str, bool]:
    """Return a query's text, where that stands, and whether it was a field of an object."""
    if isinstance(value, dict):
        for name in ("query", "expr", "__legacyStringValue"):
            if isinstance(value.get(name), str):
                return value[name], f"{pointer}/{name}", True
        return "", f"{pointer}/query", True
    return ("" if value is None else str(value)), pointer, False


def _v2_query(spec: Mapping[str, Any], kind: str, pointer: str) -> tuple[str, str, bool]:
    if kind == "datasource":
        return text(spec.get("pluginId")), f"{pointer}/pluginId", False
    query = spec.get("query")
    if isinstance(query, dict):
        return _query(mapping(query.get("spec")) or {}, f"{pointer}/query/spec")
    return text(query), f"{pointer}/query", False


def _v2_datasource(entry: Mapping[str, Any], spec: Mapping[str, Any], pointer: str) -> DatasourceRef | None:
    """Read the data source of a query variable (in its query), or of a filter (beside its spec)."""
    if isinstance(spec.get("datasource"), dict):  # v2alpha1
        return datasource_ref(spec["datasource"], f"{pointer}/spec/datasource")
    query = spec.get("query")
    holder, place = (query, f"{pointer}/spec/query") if isinstance(query, dict) else (entry, pointer)
    return v2_datasource_ref(holder, place)


def v2_datasource_ref(holder: Mapping[str, Any], pointer: str) -> DatasourceRef | None:
    """Read how version 2 names a data source: the type as ``group``, the id as ``datasource.name``.

    Args:
        holder: The ``DataQuery``, or a filter variable.
        pointer: Where it stands.

    Returns:
        The reference; None where neither is told. In v2alpha1 the kind was the type.
    """
    kind = text(holder.get("kind"))
    group = text(holder.get("group")) or ("" if kind == "DataQuery" or kind in _KINDS else kind)
    uid = text(mapping(holder.get("datasource")).get("name"))
    if not group and not uid:
        return None
    return DatasourceRef(group, uid, None, f"{pointer}/datasource" if uid else f"{pointer}/group")


def _word(value: object, words: tuple[str, ...]) -> str:
    """Return the word for a number of the classic format; true is 1, as Grafana 3 wrote it."""
    if isinstance(value, str) and value in words:
        return value
    return words[int(value)] if isinstance(value, (bool, int)) and 0 <= value < len(words) else words[0]
