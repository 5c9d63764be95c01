"""Form encoding with brackets (``items[0][price]=…``), as the Stripe API reads request parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from local_staging.stripe_sandbox.errors import InvalidRequestError

MAX_DEPTH = 8
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_INDEX = re.compile(r"[0-9]{1,6}")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(*encoded: str) -> dict[str, Any]:
    """Decode form-encoded strings into nested dicts, lists and strings.

    Args:
        encoded: The query string and the body of a request.

    Returns:
        The parameters. ``a[0]=…`` and ``a[]=…`` make lists, except directly inside ``metadata``, whose keys
        are free and may be numbers.

    Raises:
        InvalidRequestError: A name is malformed, given twice, or used both as a value and as a container.
    """
    root: dict[str, Any] = {}
    for text in encoded:
        for name, value in parse_qsl(text, keep_blank_values=True):
            _place(root, name, value)
    return {name: _with_lists(value, name) for name, value in root.items()}


def render(path: Iterable[str | int]) -> str:
    """Return a path in the notation of requests: ``("items", 0, "price")`` becomes ``items[0][price]``."""
    first, *rest = (str(part) for part in path)
    return first + "".join(f"[{part}]" for part in rest)


def _place(root: dict[str, Any], name: str, value: str) -> None:
    *parents, last = _split(name)
    place = root
    for part in parents:
        inner = place.setdefault(part, {})
        if not isinstance(inner, dict):
            raise _conflict(name)
        place = inner
    if last == "":
        last = str(len(place))
    if last in place:
        raise _conflict(name)
    place[last] = value


def _split(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise InvalidRequestError(
            f"Invalid parameter name: {name}. Brackets must be closed: items[0][price]."
        )
    parts = [match[1], *_PART.findall(match[2])]
    if len(parts) > MAX_DEPTH:
        raise InvalidRequestError(f"The parameter {name} is nested too deeply.", param=parts[0])
    if "" in parts[:-1]:
        raise InvalidRequestError(
            f"The parameter {name} needs an index in its inner brackets: items[0][price].", param=parts[0]
        )
    return parts


def _with_lists(value: Any, name: str) -> Any:
    """Turn every dict whose keys are all numbers into a list, in the order of the numbers."""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(item, key) for key, item in value.items()}
    if name == "metadata" or not all(_INDEX.fullmatch(key) for key in inner):
        return inner
    return [inner[key] for key in sorted(inner, key=int)]


def _conflict(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The parameter {name} is given twice, or both as a value and as a container.", param=name
    )
