"""The check of an answer against the response types of the ``stripe`` library, as far down as they go."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import stripe
import typing_extensions
from stripe._stripe_object import UntypedStripeObject


class _TypeNames(dict[str, Any]):
    """The library's classes by the names that its annotations use; it loads them lazily itself."""

    def __missing__(self, name: str) -> Any:
        if not hasattr(stripe, name):
            raise KeyError(name)
        return getattr(stripe, name)


_TYPE_NAMES = _TypeNames(
    CardResource=stripe.Card,
    TestClock=stripe.test_helpers.TestClock,
    CreditBalanceTransaction=stripe.billing.CreditBalanceTransaction,
    FeedbackOption=stripe.billing.FeedbackOption,
)


def object_differences(value: Mapping[str, Any], annotated: type, where: str) -> Iterator[str]:
    """Yield what differs between an answer and the library's response type for it.

    Args:
        value: The answer.
        annotated: The library's class.
        where: How to call the answer.
    """
    hints = typing_extensions.get_type_hints(annotated, localns=_TYPE_NAMES, include_extras=False)
    fields = {name: hint for name, hint in hints.items() if name in annotated.__annotations__}
    fields = {name: hint for name, hint in fields.items() if not _is_internal(name, hint)}
    for name in value.keys() - fields.keys():
        yield f"{where}.{name}: unknown to the library"
    for name, hint in fields.items():
        if name in value:
            yield from _value_differences(value[name], hint, f"{where}.{name}")
        elif not _is_optional(hint):
            yield f"{where}.{name}: missing"


def _is_internal(name: str, hint: Any) -> bool:
    return name.startswith("_") or name == "OBJECT_NAME" or typing.get_origin(hint) is typing.ClassVar


def _is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def _value_differences(value: Any, hint: Any, where: str) -> Iterator[str]:
    origin, members = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        attempts = [list(_value_differences(value, member, where)) for member in members]
        if all(attempts):
            yield from min(attempts, key=len)
    elif origin is list:
        yield from _list_differences(value, members[0], where)
    elif origin is stripe.ListObject and isinstance(value, dict):
        yield from _list_differences(value.get("data"), members[0], f"{where}.data")
        if value.keys() != {"object", "data", "has_more", "url"}:
            yield f"{where}: is no list object"
    elif _is_response_type(hint) and isinstance(value, dict):
        yield from object_differences(value, hint, where)
    elif not _is_plain(value, hint):
        yield f"{where}: {value!r} is no {hint}"


def _is_response_type(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, stripe.StripeObject)


def _list_differences(value: Any, member: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for index, item in enumerate(value):
        yield from _value_differences(item, member, f"{where}[{index}]")


def _is_plain(value: Any, hint: Any) -> bool:
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    if typing.get_origin(hint) is UntypedStripeObject:
        return isinstance(value, dict)
    if hint is Decimal:  # a decimal travels as a string of digits
        return isinstance(value, str) and value.replace(".", "", 1).isdecimal()
    if hint in (int, float):
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    return hint is Any or (isinstance(hint, type) and isinstance(value, hint))
