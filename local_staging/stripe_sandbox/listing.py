"""Lists: filters, pages, and the list object that Stripe wraps them in."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from local_staging.stripe_sandbox.errors import InvalidRequestError

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def list_of(values: list[dict[str, Any]], url: str, *, has_more: bool = False) -> dict[str, Any]:
    """Return Stripe's list object around some values.

    Args:
        values: The objects of this page.
        url: The address that lists them.
        has_more: Whether there are more after this page.
    """
    return {"object": "list", "data": values, "has_more": has_more, "url": url}


def page(newest_first: list[dict[str, Any]], params: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return one page of a list.

    Args:
        newest_first: All objects that the request's filters let through.
        params: ``limit``, ``starting_after`` and ``ending_before`` of the request.
        url: The address that lists them.

    Raises:
        InvalidRequestError: The limit is out of range, or a cursor is not in the list.
    """
    limit = params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequestError(
            f"Invalid limit: {limit}. It must be between 1 and {MAX_LIMIT}.", param="limit"
        )
    if "starting_after" in params and "ending_before" in params:
        raise InvalidRequestError(
            "You may only specify one of these parameters: starting_after, ending_before.",
            code="parameters_exclusive",
        )
    if "ending_before" in params:
        before = newest_first[: _position(newest_first, params, "ending_before")]
        return list_of(before[-limit:], url, has_more=len(before) > limit)
    start = _position(newest_first, params, "starting_after") + 1 if "starting_after" in params else 0
    return list_of(newest_first[start : start + limit], url, has_more=len(newest_first) > start + limit)


def matching(
    values: Iterable[dict[str, Any]], params: Mapping[str, Any], *fields: str
) -> list[dict[str, Any]]:
    """Return the objects that equal the request's parameters in some fields, and fit its ``created`` range.

    Args:
        values: The objects.
        params: The request's parameters; those that are absent filter nothing.
        fields: The names of parameters that are names of fields too.
    """
    wanted = {field: params[field] for field in fields if field in params}
    return [
        value
        for value in values
        if all(value[field] == content for field, content in wanted.items())
        and _in_range(value["created"], params.get("created"))
    ]


def _in_range(created: int, limits: int | Mapping[str, int] | None) -> bool:
    if limits is None:
        return True
    if isinstance(limits, int):
        return created == limits
    return all(_COMPARISONS[name](created, limit) for name, limit in limits.items())


def _position(values: list[dict[str, Any]], params: Mapping[str, Any], cursor: str) -> int:
    for position, value in enumerate(values):
        if value["id"] == params[cursor]:
            return position
    raise InvalidRequestError(
        f"No such object in this list: '{params[cursor]}'", code="resource_missing", param=cursor
    )
