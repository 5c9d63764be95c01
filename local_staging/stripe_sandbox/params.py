"""Request parameters, checked with the request types of the ``stripe`` library itself.

Two questions are asked of every parameter. Does Stripe know it, with a value of this type? The library's
TypedDicts answer that, so the check is always in step with the pinned version. And does the sandbox support
it? The operation's ``accepts`` answers that; anything else is refused, never ignored.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterator, Mapping
from typing import Any

import stripe
import stripe.params
import typing_extensions
from pydantic import TypeAdapter, ValidationError

from local_staging.stripe_sandbox import forms
from local_staging.stripe_sandbox.errors import InvalidRequestError, unsupported
from local_staging.stripe_sandbox.operations import Operation

_INTEGER = re.compile(r"-?\d{1,18}")
_BOOLEANS = frozenset({"true", "false"})
# Of several complaints about one parameter (a union makes one for each member) the most telling comes first.
_TELLING = ("extra_forbidden", "missing", "int_parsing", "bool_parsing")


class _FreeForm:
    """Stands for the library's ``UntypedStripeObject[T]``, which exists for type checkers only."""

    def __class_getitem__(cls, value_type: Any) -> Any:
        return dict[str, value_type]


def check(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request, with their right types.

    Args:
        operation: The operation that was called.
        given: The decoded form: nested dicts, lists and strings.

    Raises:
        InvalidRequestError: A parameter is unknown to Stripe, missing, of a wrong type, or not supported by
            the sandbox.
    """
    try:
        checked: dict[str, Any] = _adapter(operation.params).validate_python(given)
    except ValidationError as error:
        raise _refusal(error, given) from None
    supported = _supported(operation.accepts)
    for path, raw, value in _leaves((), given, checked):
        _check_spelling(path, raw, value)
        _check_support(path, raw, supported)
    return checked


@functools.cache
def _adapter(name: str) -> TypeAdapter[Any]:
    """Build the strict check for one of the library's request types.

    The types inherit the library's own options (``api_key``, ``idempotency_key``, …), which are no parameters
    of the API and are left out.
    """
    hints = typing_extensions.get_type_hints(
        operator.attrgetter(name)(stripe.params),
        localns={"UntypedStripeObject": _FreeForm, "StripeContext": object, "Mapping": Mapping},
        include_extras=True,
    )
    options = stripe.RequestOptions.__annotations__
    make_typed_dict: Any = typing_extensions.TypedDict
    request = make_typed_dict(name, {key: hint for key, hint in hints.items() if key not in options})
    request.__pydantic_config__ = {"extra": "forbid", "arbitrary_types_allowed": True}
    return TypeAdapter(request)


@functools.cache
def _supported(accepts: tuple[str, ...]) -> dict[str, frozenset[str] | None]:
    """Return the supported dotted paths, each with the values it may have (None: any)."""
    limits: dict[str, frozenset[str] | None] = {"expand": None}
    for accepted in accepts:
        path, limited, values = accepted.partition("=")
        limits[path] = frozenset(values.split("|")) if limited else None
    return limits


def _leaves(
    path: tuple[str | int, ...], raw: Any, value: Any
) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    """Yield path, raw and checked value of everything that is no container."""
    if isinstance(raw, dict):
        for key, inner in raw.items():
            yield from _leaves((*path, key), inner, value[key])
    elif isinstance(raw, list):
        for index, inner in enumerate(raw):
            yield from _leaves((*path, index), inner, value[index])
    else:
        yield path, raw, value


def _check_spelling(path: tuple[str | int, ...], raw: str, value: object) -> None:
    """Refuse what pydantic forgives and Stripe does not: ``yes`` for true, ``1_000`` or ``1.0`` for a number."""
    if isinstance(value, bool):
        if raw not in _BOOLEANS:
            raise _invalid("boolean", path, raw)
    elif isinstance(value, int) and not _INTEGER.fullmatch(raw):
        raise _invalid("integer", path, raw)


def _check_support(
    path: tuple[str | int, ...], raw: str, supported: Mapping[str, frozenset[str] | None]
) -> None:
    names = [part for part in path if isinstance(part, str)]
    dotted = ".".join(names)
    if dotted not in supported:
        dotted = ".".join([*names[:-1], "*"])
    param = forms.render(path)
    if dotted not in supported:
        raise unsupported(f"the parameter '{param}'", param=param)
    values = supported[dotted]
    if values is not None and raw not in values:
        allowed = ", ".join(sorted(values))
        raise unsupported(f"the value '{raw}' for '{param}' (it supports {allowed})", param=param)


def _refusal(error: ValidationError, given: Mapping[str, Any]) -> InvalidRequestError:
    details = sorted(
        error.errors(include_url=False, include_context=False),
        key=lambda detail: _TELLING.index(detail["type"]) if detail["type"] in _TELLING else len(_TELLING),
    )
    kind = details[0]["type"]
    path = _path_in(details[0]["loc"], given, missing=kind == "missing")
    param = forms.render(path)
    if kind == "extra_forbidden":
        return InvalidRequestError(
            f"Received unknown parameter: {param}", code="parameter_unknown", param=param
        )
    if kind == "missing":
        return InvalidRequestError(f"Missing required param: {param}.", code="parameter_missing", param=param)
    expected = {"int_parsing": "integer", "bool_parsing": "boolean", "list_type": "array"}.get(kind)
    return _invalid(expected or "value", path, details[0]["input"])


def _path_in(
    location: tuple[str | int, ...], given: Mapping[str, Any], *, missing: bool
) -> tuple[str | int, ...]:
    """Return a complaint's path as the request spells it: without the names of union members in between."""
    path: list[str | int] = []
    here: Any = given
    for part in location:
        inside = part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int)
        if inside:
            here = here[part]
            path.append(part)
    return (*path, location[-1]) if missing else tuple(path)


def _invalid(expected: str, path: tuple[str | int, ...], raw: object) -> InvalidRequestError:
    param = forms.render(path)
    shown = f": {raw}" if isinstance(raw, str) and "card" not in path else ""
    return InvalidRequestError(
        f"Invalid {expected}{shown} (parameter {param})",
        code="parameter_invalid_integer" if expected == "integer" else None,
        param=param,
    )
