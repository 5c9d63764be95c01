"""Holds a dashboard against the JSON Schema of its format; the schemas are shipped for editors as well.

Almost every file is right, and asking ``jsonschema`` costs more than everything else, so a quick pass says first
whether there is anything to find (:mod:`staging_validation.dashboards.schema_accept`); only then faults are looked for.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any

from staging_validation.dashboards.json_places import escape_key
from staging_validation.dashboards.schema_accept import Accept, compile_schema

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

MOST_FAULTS = 25
"""How many faults are named; a file with more is probably of another format altogether."""

_MOST_ERRORS = 500
"""How many errors are put in order to name the first ones; a file of a million is not looked through."""

_KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
_EXPORT = "correct the value, or export the dashboard again"


class Schema(str, Enum):
    """A schema, by the reference to it."""

    CLASSIC = "classic-dashboard.schema.json"
    V1 = "v1-dashboard.schema.json"
    V2 = "v2-dashboard.schema.json"
    V2_SPEC = "v2-dashboard.schema.json#/$defs/Spec"


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One place where a file breaks its schema.

    Attributes:
        pointer: The place.
        message: What is wrong: a sentence.
        remedy: What to do about it.
    """

    pointer: str
    message: str
    remedy: str


def schema_faults(schema: Schema, value: Any) -> list[SchemaFault]:
    """Name the places where a value breaks a schema.

    Args:
        schema: The schema.
        value: A parsed JSON value.

    Returns:
        The faults in the order of the file, at most :data:`MOST_FAULTS`.
    """
    if _acceptor(schema)(value):
        return []
    errors = sorted(islice(_validator(schema).iter_errors(value), _MOST_ERRORS), key=_order)
    found = {fault: None for error in errors for fault in _faults(error)}
    return list(found)[:MOST_FAULTS]


def _order(error: ValidationError) -> list[str]:
    """Return what sorts faults by their places: positions as numbers."""
    return [f"{key:09}" if isinstance(key, int) else key for key in error.absolute_path]


def schema_text(schema: Schema) -> str:
    """Return the text of a schema's file."""
    return _file(schema.value.partition("#")[0])


@cache
def _file(name: str) -> str:
    return resources.files(__package__).joinpath("schemas").joinpath(name).read_text(encoding="utf-8")


@cache
def _document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_file(name))
    return found


@cache
def _acceptor(schema: Schema) -> Accept:
    return compile_schema(schema.value, _document)


@cache
def _validator(schema: Schema) -> Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    names = {entry.value.partition("#")[0] for entry in Schema}
    registry: Registry[Any] = Registry().with_resources(
        (name, Resource.from_contents(_document(name))) for name in sorted(names)
    )
    return Draft202012Validator({"$ref": schema.value}, registry=registry)


def _faults(error: ValidationError) -> Iterator[SchemaFault]:
    pointer = "".join(f"/{escape_key(str(key))}" for key in error.absolute_path)
    shown = f"`{pointer or '/'}`"
    rule = str(error.validator)
    value: Any = error.instance
    wanted: Any = error.validator_value
    if rule == "required":
        for name in wanted:
            if name not in value:
                yield SchemaFault(
                    pointer, f"{shown} lacks {name!r}.", f"add {name!r}, or export the dashboard again"
                )
    elif rule == "additionalProperties":
        schema: Any = error.schema
        for name in value:
            if name not in schema["properties"]:
                yield _unknown(f"{pointer}/{escape_key(name)}", shown, name, schema["properties"])
    else:
        yield SchemaFault(
            pointer, f"{shown} must be {_allowed(rule, wanted)}, not {_kind_of(value)}.", _EXPORT
        )


def _allowed(rule: str, wanted: Any) -> str:
    """Say what a value may be; the schemas have only types and lists of values besides what is looked at before."""
    if rule == "type":
        return _either(
            _KINDS[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted) if kind != "null"
        )
    return _either(repr(entry) for entry in ([wanted] if rule == "const" else wanted) if entry is not None)


def _unknown(pointer: str, parent: str, name: str, known: Iterable[str]) -> SchemaFault:
    close = difflib.get_close_matches(name, list(known), n=1)
    remedy = f"write {close[0]!r}" if close else "remove it: Grafana drops it without a word"
    return SchemaFault(pointer, f"{parent} has no field {name!r}.", remedy)


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _kind_of(value: object) -> str:
    if isinstance(value, (bool, int, float, str)):
        shown = json.dumps(value)
        return shown if len(shown) <= 40 else f"{shown[:37]}…"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "null"
