"""The parts of a dashboard that both formats write alike: queries, field configuration, links, data sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from staging_validation.dashboards.json_places import escape_key
from staging_validation.dashboards.model import (
    EXPRESSION,
    PROMETHEUS_TYPES,
    DatasourceRef,
    Expression,
    Link,
    Override,
    Target,
    TargetKind,
    Thresholds,
    Transformation,
)
from staging_validation.dashboards.reading_values import (
    EMPTY,
    flag,
    items,
    mapping,
    number,
    text,
    text_or_none,
    texts,
)

_VARIABLE = re.compile(r"\$(\w+)$|\$\{(\w+)(?::\w+)?\}$|\[\[(\w+)(?::\w+)?\]\]$")
_REFERENCE = re.compile(r"\$\{?(\w+)\}?")
_BY_NAME = {
    "-- Grafana --": "grafana",
    "grafana": "grafana",
    "-- Mixed --": "datasource",
    "-- Dashboard --": "datasource",
    EXPRESSION: EXPRESSION,
    "-100": EXPRESSION,
    "Expression": EXPRESSION,
}
"""Data sources that Grafana has itself, by the ids and names that files use for them."""

_OTHER_LANGUAGES = (
    "rawSql",
    "rawQuery",
    "query",
    "target",
    "queryText",
    "dimensions",
    "measurement",
    "panelId",
)
"""Fields of queries that are not PromQL."""


class Datasources:
    """Tells the types of data sources that are named by variables.

    Args:
        types: The plugins' types by the names of variables (of type ``datasource``) and of an export's inputs.
    """

    def __init__(self, types: Mapping[str, str]) -> None:
        self._types = types

    def type_of(self, ref: DatasourceRef | None) -> str:
        """Return the type of a data source; empty when the file does not tell."""
        if ref is None:
            return ""
        known = _BY_NAME.get(ref.uid) or _BY_NAME.get(ref.name or "")
        if known:
            return known
        if ref.type and "$" not in ref.type:
            return ref.type
        match = _VARIABLE.match(ref.text)
        return self._types.get(match[match.lastindex or 0], "") if match else ""


def datasource_ref(value: object, pointer: str) -> DatasourceRef | None:
    """Read how a classic part names its data source: by an object, or by a plain text."""
    if isinstance(value, str) and value:
        return DatasourceRef("", "", value, pointer)
    if isinstance(value, dict) and value:
        return DatasourceRef(text(value.get("type")), text(value.get("uid")), None, pointer)
    return None


def query_kind(datasource_type: str, fields: Mapping[str, Any]) -> TargetKind:
    """Tell the language of a query from the type of its data source, and without one from its fields."""
    if datasource_type in PROMETHEUS_TYPES:
        return TargetKind.PROMQL
    if datasource_type == EXPRESSION:
        return TargetKind.EXPRESSION
    foreign = datasource_type or (
        not isinstance(fields.get("expr"), str) and any(name in fields for name in _OTHER_LANGUAGES)
    )
    return TargetKind.OTHER if foreign else TargetKind.PROMQL


def read_target(
    fields: Mapping[str, Any],
    fields_pointer: str,
    *,
    datasource_type: str,
    **frame: Any,
) -> Target:
    """Read a query from its own fields.

    Args:
        fields: What the data source is given: ``expr``, ``legendFormat``, ….
        fields_pointer: Where they stand.
        datasource_type: The type of the data source.
        frame: What stands around them: further arguments of :class:`Target`.

    Returns:
        The query.
    """
    kind = query_kind(datasource_type, fields)
    instant, ranged = flag(fields.get("instant")), fields.get("range")
    return Target(
        expr=text(fields.get("expr")),
        datasource_type=datasource_type,
        instant=instant,
        range=ranged if isinstance(ranged, bool) else not instant,
        interval=text_or_none(fields.get("interval")),
        kind=kind,
        fields=fields_pointer,
        expr_pointer=f"{fields_pointer}/expr",
        legend=fields["legendFormat"] if isinstance(fields.get("legendFormat"), str) else None,
        format=text(fields.get("format")) or "time_series",
        exemplar=flag(fields.get("exemplar")),
        expression=_expression(fields, fields_pointer) if kind is TargetKind.EXPRESSION else None,
        **frame,
    )


def _expression(fields: Mapping[str, Any], pointer: str) -> Expression:
    formula, kind = text(fields.get("expression")), text(fields.get("type"))
    refs: tuple[str, ...] = ()
    if kind == "math":
        refs = tuple(_REFERENCE.findall(formula))
    elif kind == "classic_conditions":
        conditions = (mapping(entry) for entry in items(fields.get("conditions")))
        refs = tuple(
            name for entry in conditions for name in texts(mapping(entry.get("query")).get("params"))[:1]
        )
    elif kind in ("reduce", "resample", "threshold") and formula:
        refs = (formula.strip().strip("${}"),)
    return Expression(
        kind,
        formula,
        f"{pointer}/expression",
        tuple(dict.fromkeys(refs)),
        text(fields.get("reducer")),
        mapping(fields.get("settings")),
    )


def read_field_config(config: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """Read what a panel says of its values: the arguments of :class:`Panel` that its field configuration gives."""
    defaults = mapping(config.get("defaults"))
    no_value = defaults.get("noValue")
    return {
        "field_config": pointer,
        "unit": text_or_none(defaults.get("unit")),
        "unit_pointer": f"{pointer}/defaults/unit",
        "decimals": number(defaults.get("decimals")),
        "min": number(defaults.get("min")),
        "max": number(defaults.get("max")),
        "no_value": no_value if no_value is None else str(no_value),
        "thresholds": _thresholds(defaults.get("thresholds"), f"{pointer}/defaults/thresholds"),
        "mappings": tuple(items(defaults.get("mappings"))),
        "custom": mapping(defaults.get("custom")),
        "overrides": tuple(
            _override(mapping(entry), f"{pointer}/overrides/{position}")
            for position, entry in enumerate(items(config.get("overrides")))
        ),
    }


def _thresholds(value: object, pointer: str) -> Thresholds | None:
    if not isinstance(value, dict):
        return None
    steps = tuple(number(mapping(step).get("value")) for step in items(value.get("steps")))
    return Thresholds(text(value.get("mode")) or "absolute", steps, pointer)


def _override(entry: Mapping[str, Any], pointer: str) -> Override:
    matcher = mapping(entry.get("matcher"))
    properties = (mapping(found) for found in items(entry.get("properties")))
    return Override(
        text(matcher.get("id")),
        matcher.get("options"),
        {text(found.get("id")): found.get("value") for found in properties},
        pointer,
    )


def read_links(value: object, pointer: str, kind: str) -> tuple[Link, ...]:
    """Read a list of links."""
    return tuple(
        _link(mapping(entry), f"{pointer}/{position}", kind) for position, entry in enumerate(items(value))
    )


def _link(entry: Mapping[str, Any], pointer: str, kind: str) -> Link:
    return Link(
        title=text(entry.get("title")),
        url=text(entry.get("url")),
        pointer=pointer,
        kind=kind,
        lists_dashboards=entry.get("type") == "dashboards",
        tags=texts(entry.get("tags")),
        include_vars=flag(entry.get("includeVars")),
        keep_time=flag(entry.get("keepTime")),
    )


def transformation(
    name: object, content: Mapping[str, Any], pointer: str, content_pointer: str
) -> Transformation:
    """Read a transformation from its id and the object that has its options."""
    return Transformation(
        text(name),
        mapping(content.get("options")),
        flag(content.get("disabled")),
        pointer,
        f"{content_pointer}/options",
    )


def below(pointer: str, key: str) -> str:
    """Return the pointer of a key below another, escaped where the key needs it."""
    return f"{pointer}/{escape_key(key)}"


def panel_ids(value: object) -> tuple[int, ...]:
    """Return the ids of the panels that an annotation is limited to, or kept from."""
    found = mapping(value).get("ids") if isinstance(value, dict) else EMPTY
    return tuple(item for item in items(found) if isinstance(item, int) and not isinstance(item, bool))
