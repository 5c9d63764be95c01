"""Turns what drivers and libraries return into plain JSON values that results can hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import cast

from pydantic import JsonValue


def json_value(value: object) -> JsonValue:
    """Return a value as JSON: times as ISO text; ids, exact numbers and anything else unknown as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return cast("JsonValue", value)
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(item) for item in value]
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)
