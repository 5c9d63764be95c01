"""Changing objects the way Stripe does: metadata is merged, an empty value unsets, events name what changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError


def currency_code(given: str) -> str:
    """Return a currency in lower case.

    Raises:
        InvalidRequestError: It is no three-letter code.
    """
    if not (len(given) == 3 and given.isascii() and given.isalpha()):
        raise InvalidRequestError(
            f"Invalid currency: {given}. It must be a three-letter ISO code.", param="currency"
        )
    return given.lower()


def merged_metadata(present: Mapping[str, str], given: Mapping[str, str] | str | None) -> dict[str, str]:
    """Return metadata after a request.

    Args:
        present: The metadata so far.
        given: The request's value: an empty string unsets all of it, an empty value unsets its key.
    """
    if given == "":
        return {}
    changed = {**present, **(given or {})}  # type: ignore[dict-item]
    return {key: value for key, value in changed.items() if value != ""}


def changed_fields(
    value: Mapping[str, Any],
    params: Mapping[str, Any],
    fields: tuple[str, ...],
    *,
    required: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return what a request's parameters of the same names make of an object's fields.

    Args:
        value: The object as it is.
        params: The request's parameters; an empty string unsets a field (makes it None).
        fields: The names, among them ``metadata`` where it can be changed.
        required: Those of them that cannot be unset.

    Raises:
        InvalidRequestError: A field that cannot be unset was given an empty string.
    """
    changes: dict[str, Any] = {}
    for field in fields:
        if field not in params:
            continue
        given = params[field]
        if field == "metadata":
            changes[field] = merged_metadata(value[field], given)
        elif given == "" and field in required:
            raise InvalidRequestError(
                f"You passed an empty string for '{field}'. Empty values are an attempt to unset a parameter; "
                f"however '{field}' cannot be unset. Leave it out or give it a value.",
                code="parameter_invalid_empty",
                param=field,
            )
        else:
            changes[field] = None if given == "" else given
    return changes


def apply(context: Context, value: dict[str, Any], changes: Mapping[str, Any], event: str) -> dict[str, Any]:
    """Change an object in place and record the event, unless nothing changes.

    Args:
        context: The surroundings of the request.
        value: The object in the store.
        changes: New values of top-level fields.
        event: The type of the event to record, as in ``customer.updated``.

    Returns:
        The object.
    """
    previous = {
        name: copy.deepcopy(value[name]) for name, content in changes.items() if value[name] != content
    }
    if previous:
        value.update(copy.deepcopy(dict(changes)))
        context.emit(event, value, previous)
    return value
