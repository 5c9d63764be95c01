"""Searching: one operation for each kind of object that Stripe can search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from local_staging.stripe_sandbox import billing, search
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import page
from local_staging.stripe_sandbox.operations import Call, Operation

# The fields of Stripe's guide "Search", of those that the sandbox's objects have.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "charge": ("amount", "created", "currency", "customer", "disputed", "refunded", "status"),
    "customer": ("created", "email", "name", "phone"),
    "invoice": ("created", "currency", "customer", "number", "status", "subscription", "total"),
    "payment_intent": ("amount", "created", "currency", "customer", "status"),
    "price": ("active", "currency", "lookup_key", "product", "type"),
    "product": ("active", "description", "name", "url"),
    "subscription": ("canceled_at", "created", "status"),
}
_NAMES = {
    "charge": "Charge",
    "customer": "Customer",
    "invoice": "Invoice",
    "payment_intent": "PaymentIntent",
    "price": "Price",
    "product": "Product",
    "subscription": "Subscription",
}


def search_objects(context: Context, call: Call, *, kind: str) -> dict[str, Any]:
    """Return a page of the objects of a kind that fulfil the request's query, the newest first."""
    query = search.parse(call.params["query"], _FIELDS[kind])
    found = [value for value in context.store.newest_first(kind) if query.matches(_searchable(value))]
    params = {name: content for name, content in call.params.items() if name == "limit"}
    if "page" in call.params:
        params["starting_after"] = call.params["page"]
    try:
        listed = page(found, params, f"/v1/{kind}s/search")
    except InvalidRequestError as error:
        raise _wrong_page(error) from None
    return {
        "object": "search_result",
        "data": listed["data"],
        "has_more": listed["has_more"],
        "next_page": listed["data"][-1]["id"] if listed["has_more"] else None,
        "url": listed["url"],
    }


def _wrong_page(error: InvalidRequestError) -> InvalidRequestError:
    """Return a refusal that names the parameter as a search has it."""
    if error.param != "starting_after":
        return error
    return InvalidRequestError("Invalid page: pass on the next_page of the answer before.", param="page")


def _searchable(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if value["object"] != "invoice":
        return value
    return {**value, "subscription": billing.subscription_of(value)}


def _handler(kind: str) -> Callable[[Context, Call], dict[str, Any]]:
    return partial(search_objects, kind=kind)


OPERATIONS = tuple(
    Operation(
        "GET",
        f"/v1/{kind}s/search",
        f"{_NAMES[kind]}SearchParams",
        _handler(kind),
        ("limit", "page", "query"),
    )
    for kind in _FIELDS
)
