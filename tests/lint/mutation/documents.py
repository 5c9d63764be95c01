"""Changes documents at JSON pointers without touching the original: what does not change is shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def keys_of(pointer: str) -> list[str]:
    """Return the keys of a JSON pointer."""
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def look(document: Any, pointer: str) -> Any:
    """Return what stands at a place.

    Raises:
        LookupError: There is no such place.
    """
    for key in keys_of(pointer):
        document = document[int(key) if isinstance(document, list) else key]
    return document


def has(document: Any, pointer: str) -> bool:
    """Return whether there is such a place."""
    try:
        look(document, pointer)
    except (LookupError, TypeError, ValueError):
        return False
    return True


def put(document: Any, pointer: str, value: Any) -> Any:
    """Return the document with a value at a place; mappings on the way are made where they are missing."""
    return _changed(document, keys_of(pointer), lambda holder, key: _set(holder, key, value))


def drop(document: Any, pointer: str) -> Any:
    """Return the document without what stands at a place."""
    return _changed(document, keys_of(pointer), _delete)


def append(document: Any, pointer: str, *values: Any) -> Any:
    """Return the document with more entries at the end of a list, which is made where it is missing."""
    former = look(document, pointer) if has(document, pointer) else []
    return put(document, pointer, [*former, *values])


def parent(pointer: str) -> str:
    """Return the place that a place stands directly inside of."""
    return pointer.rpartition("/")[0]


def _changed(document: Any, keys: Sequence[str], change: Any) -> Any:
    copied = list(document) if isinstance(document, list) else dict(document)
    key: Any = int(keys[0]) if isinstance(copied, list) else keys[0]
    if len(keys) == 1:
        change(copied, key)
        return copied
    missing = isinstance(copied, dict) and key not in copied
    copied[key] = _changed({} if missing else copied[key], keys[1:], change)
    return copied


def _set(holder: Any, key: Any, value: Any) -> None:
    if isinstance(holder, list) and key == len(holder):
        holder.append(value)
    else:
        holder[key] = value


def _delete(holder: Any, key: Any) -> None:
    del holder[key]
