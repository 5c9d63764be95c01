"""JSON as the standard has it: no duplicate keys, no NaN, no byte order mark; errors name line and column."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from staging_validation.errors import ConfigurationError
from staging_validation.source_files import SourceFile


class _DuplicateKeyError(ValueError):
    """A key stands twice in one object; never leaves this module."""


def read_json(file: SourceFile) -> Any:
    """Parse a file as strict JSON.

    Args:
        file: The file.

    Returns:
        Its content.

    Raises:
        ConfigurationError: It is no strict JSON; the message has line and column where there is one place.
    """
    if file.text.startswith("\ufeff"):
        raise ConfigurationError(
            f"{file.path}:1:1: the file begins with a byte order mark.", remedy="save it as UTF-8 without one"
        )

    def refuse_constant(name: str) -> NoReturn:
        raise _invalid(file, file.text.find(name), f"{name} is no JSON number")

    try:
        return json.loads(file.text, object_pairs_hook=_unique_pairs, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        raise _invalid(file, error.pos, error.msg[:1].lower() + error.msg[1:]) from error
    except _DuplicateKeyError as error:
        raise ConfigurationError(
            f"{file.path}: the key {str(error)!r} stands twice in one object, and only the last one counts.",
            remedy="keep one of the two",
        ) from error


def _invalid(file: SourceFile, position: int, cause: str) -> ConfigurationError:
    before = file.text[:position]
    line = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1) + 1
    return ConfigurationError(
        f"{file.path}:{line}:{column}: invalid JSON: {cause}.", remedy="correct the file, or export it again"
    )


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKeyError(key)
        found[key] = value
    return found
