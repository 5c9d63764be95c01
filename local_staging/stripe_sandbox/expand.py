"""``expand[]``: ids in an answer replaced by the objects they name."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import list_of
from local_staging.stripe_sandbox.store import Store

MAX_DEPTH = 4
_REFERENCES = frozenset(
    {
        "charge",
        "customer",
        "default_payment_method",
        "default_price",
        "invoice",
        "latest_charge",
        "latest_invoice",
        "payment_intent",
        "payment_method",
        "price",
        "product",
        "subscription",
        "test_clock",
    }
)
# Fields that an object has only when a request asks for them, with the kind of what they list.
_INCLUDED = {("customer", "subscriptions"): "subscription", ("invoice", "payments"): "invoice_payment"}
# References by name that the API documents as plain strings.
_PLAIN = frozenset(
    {("charge", "payment_method"), ("line_item", "invoice"), ("subscription_item", "subscription")}
)


def check_paths(paths: Sequence[str]) -> None:
    """Refuse paths that cannot be expanded, before the request has done anything.

    Raises:
        InvalidRequestError: A path is too deep, or its last field is no reference.
    """
    known = _REFERENCES | {field for _, field in _INCLUDED}
    for path in paths:
        parts = path.split(".")
        depth = len([part for part in parts if part != "data"])
        if parts[-1] not in known or depth > MAX_DEPTH:
            raise _not_expandable(path)


def expanded(value: dict[str, Any], paths: Sequence[str], store: Store) -> dict[str, Any]:
    """Return a copy of an answer in which the fields at some paths are objects instead of ids.

    Args:
        value: The object or list to answer with.
        paths: Dotted paths, as in ``latest_invoice.payments`` or ``data.customer``.
        store: Where the objects are.

    Raises:
        InvalidRequestError: A path names nothing that can be expanded in this object.
    """
    answer = copy.deepcopy(value)
    for path in paths:
        _expand(answer, path.split("."), path, store)
    return answer


def _expand(value: Any, parts: Sequence[str], path: str, store: Store) -> None:
    if isinstance(value, list):
        for item in value:
            _expand(item, parts, path, store)
        return
    if not parts or value is None:
        return
    name, *rest = parts
    kind = value.get("object", "")
    if included := _INCLUDED.get((kind, name)):
        value.setdefault(name, _included(value, included, kind, store))
    if name not in value:
        raise _not_expandable(path)
    if isinstance(value[name], str):
        if name not in _REFERENCES or (kind, name) in _PLAIN:
            raise _not_expandable(path)
        value[name] = copy.deepcopy(store.get(value[name]))
    _expand(value[name], rest, path, store)


def _included(value: dict[str, Any], kind: str, field: str, store: Store) -> dict[str, Any]:
    items = [item for item in store.newest_first(kind) if item[field] == value["id"]]
    if kind == "subscription":
        items = [item for item in items if item["status"] != "canceled"]
    return list_of(copy.deepcopy(items), f"/v1/{kind}s?{field}={value['id']}")


def _not_expandable(path: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"This property cannot be expanded ({path}). Deeper than {MAX_DEPTH} levels, and in fields that are no "
        "references, nothing can be.",
        param="expand",
    )
