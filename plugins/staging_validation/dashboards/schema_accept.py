"""Tells in one quick pass whether a value keeps a JSON Schema: yes or no, without saying where.

It knows the words that the shipped schemas use, and refuses to compile any other, so that it cannot accept what the
schema forbids. A test holds it against ``jsonschema``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Accept = Callable[[Any], bool]
"""Says whether a value keeps a schema."""

_ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description"})
_WORDS = frozenset(
    {
        "type", "enum", "const", "required", "properties", "additionalProperties", "items", "if", "then", "else",
        "allOf", "$ref",
    }
)  # fmt: skip


def compile_schema(reference: str, documents: Callable[[str], dict[str, Any]]) -> Accept:
    """Compile a schema.

    Args:
        reference: Which: a file's name, or one with a pointer: ``a.json#/$defs/B``.
        documents: Returns the content of a file by its name.

    Returns:
        The check.

    Raises:
        ValueError: The schema uses a word that this pass does not know; a mistake in the schema.
    """
    return _Compiler(documents).reference(reference, "")


class _Compiler:
    """Compiles each reference once; a schema that refers to itself finds its check when it runs."""

    def __init__(self, documents: Callable[[str], dict[str, Any]]) -> None:
        self._documents = documents
        self._done: dict[str, Accept] = {}

    def reference(self, reference: str, base: str) -> Accept:
        name, _, pointer = reference.partition("#")
        name = name or base
        key = f"{name}#{pointer}"
        if key not in self._done:

            def later(value: Any) -> bool:
                return self._done[key](value)

            self._done[key] = later
            schema: Any = self._documents(name)
            for part in pointer.split("/")[1:]:
                schema = schema[part]
            self._done[key] = self.schema(schema, name)
        return self._done[key]

    def schema(self, schema: Mapping[str, Any], base: str) -> Accept:
        unknown = schema.keys() - _ANNOTATIONS - _WORDS
        if unknown:
            raise ValueError(f"the words {sorted(unknown)} of JSON Schema are not known here")
        checks: list[Accept] = []
        if "type" in schema:
            checks.append(_type(schema["type"]))
        if "enum" in schema or "const" in schema:
            checks.append(_one_of(schema["enum"] if "enum" in schema else [schema["const"]]))
        if "required" in schema:
            checks.append(_required(frozenset(schema["required"])))
        if "properties" in schema or "additionalProperties" in schema:
            checks.append(self._properties(schema, base))
        if "items" in schema:
            checks.append(_items(self.schema(schema["items"], base)))
        if "if" in schema:
            checks.append(self._condition(schema, base))
        checks += (self.schema(entry, base) for entry in schema.get("allOf", ()))
        if "$ref" in schema:
            checks.append(self.reference(schema["$ref"], base))
        return _all(checks)

    def _condition(self, schema: Mapping[str, Any], base: str) -> Accept:
        condition = self.schema(schema["if"], base)
        then = self.schema(schema.get("then", {}), base)
        otherwise = self.schema(schema.get("else", {}), base)
        return lambda value: then(value) if condition(value) else otherwise(value)

    def _properties(self, schema: Mapping[str, Any], base: str) -> Accept:
        known = {name: self.schema(entry, base) for name, entry in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties", True)
        rest = self.schema(others, base) if isinstance(others, dict) else None

        def accept(value: Any) -> bool:
            if type(value) is not dict:
                return True
            for name, entry in value.items():
                check = known.get(name, rest)
                if not (others if check is None else check(entry)):
                    return False
            return True

        return accept


def _all(checks: list[Accept]) -> Accept:
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)
    return lambda value: all(check(value) for check in checks)


def _items(check: Accept) -> Accept:
    return lambda value: type(value) is not list or all(map(check, value))


def _required(names: frozenset[str]) -> Accept:
    return lambda value: type(value) is not dict or names <= value.keys()


def _one_of(values: list[Any]) -> Accept:
    # JSON tells true from 1, Python does not.
    return lambda value: any(value == entry and type(value) is type(entry) for entry in values)


def _type(wanted: str | list[str]) -> Accept:
    names = [wanted] if isinstance(wanted, str) else wanted
    kinds: set[type] = set()
    for name in names:
        kinds |= _TYPES[name]
    whole = "integer" in names and "number" not in names
    return lambda value: type(value) in kinds or (whole and type(value) is float and value.is_integer())


_TYPES: Mapping[str, frozenset[type]] = {
    "object": frozenset({dict}),
    "array": frozenset({list}),
    "string": frozenset({str}),
    "number": frozenset({int, float}),
    "integer": frozenset({int}),
    "boolean": frozenset({bool}),
    "null": frozenset({type(None)}),
}
