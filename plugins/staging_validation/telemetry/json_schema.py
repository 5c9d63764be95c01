"""The JSON Schema of a catalogue file: for editors, and in step with the model.

``include/telemetry/catalogue.schema.json`` is this schema. It accepts exactly the files whose entries the model
accepts; what entries say about each other (an event that no file defines, bounds that do not ascend) no schema
can say, and :func:`staging_validation.telemetry.parse_catalogue` finds it with file and line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from staging_validation.telemetry.model import GENERATED_SUFFIXES, RESERVED_LABELS, CatalogueFile, MetricType

SCHEMA_FILE = "catalogue.schema.json"
"""The file in ``include/telemetry/`` that holds the schema; a test keeps it in step with the model."""

_NULL = {"type": "null"}


def catalogue_schema() -> dict[str, Any]:
    """Return the JSON Schema of a catalogue file."""
    schema = CatalogueFile.model_json_schema()
    metric = schema["$defs"]["MetricDefinition"]
    _narrow(metric["properties"]["labels"], _labels())
    metric["allOf"] = _metric_rules()
    schema["allOf"] = [
        {
            "if": {"required": ["events"], "properties": {"events": {"minProperties": 1}}},
            "then": {"required": ["event_prefix"], "properties": {"event_prefix": {"minLength": 1}}},
        }
    ]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_closed(schema)}


def schema_text() -> str:
    """Return the schema as the shipped file holds it."""
    return json.dumps(catalogue_schema(), indent=2) + "\n"


def _labels() -> dict[str, Any]:
    return {"uniqueItems": True, "items": {"not": {"enum": list(RESERVED_LABELS)}}}


def _metric_rules() -> list[dict[str, Any]]:
    """Return what ``MetricDefinition`` checks between its fields."""
    total, derived = {"pattern": "_total$"}, {"pattern": f"({'|'.join(GENERATED_SUFFIXES)})$"}
    return [
        _when(MetricType.COUNTER, {"name": total}, {"name": {"not": total}}),
        {"properties": {"name": {"not": derived}}},
        _when(
            MetricType.GAUGE,
            {"event": _NULL, "source": {"not": _NULL}, "when": {"maxProperties": 0}},
            {"event": {"not": _NULL}, "source": _NULL, "values": {"maxProperties": 0}},
            required=(["source"], ["event"]),
        ),
        _when(
            MetricType.HISTOGRAM,
            {"observes": {"not": _NULL}, "buckets": {"minItems": 1}},
            {"observes": _NULL, "buckets": {"maxItems": 0}},
            required=(["observes", "buckets"], []),
        ),
    ]


def _when(
    kind: MetricType,
    then: Mapping[str, Any],
    otherwise: Mapping[str, Any],
    *,
    required: tuple[list[str], list[str]] = ([], []),
) -> dict[str, Any]:
    return {
        "if": {"properties": {"type": {"const": kind.value}}},
        "then": {"properties": dict(then), "required": required[0]},
        "else": {"properties": dict(otherwise), "required": required[1]},
    }


def _narrow(schema: dict[str, Any], further: Mapping[str, Any]) -> None:
    for key, value in further.items():
        if isinstance(value, dict):
            _narrow(schema.setdefault(key, {}), value)
        else:
            schema[key] = value


def _closed(schema: Any) -> Any:
    """Close what has patterns for its keys: pydantic leaves a key that matches none of them open."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if "patternProperties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed
