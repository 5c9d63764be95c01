"""Prices: what a product costs, once or for each period."""

from __future__ import annotations

from typing import Any

from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.resources.products import make_product
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.updates import apply, changed_fields, currency_code

_FIELDS = ("active", "lookup_key", "nickname", "tax_behavior")
_INTERVALS = "recurring.interval=day|week|month|year"


def create(context: Context, call: Call) -> dict[str, Any]:
    """Make a price for a product, or for a new product named in ``product_data``."""
    params = call.params
    if ("product" in params) == ("product_data" in params):
        raise InvalidRequestError(
            "You must specify exactly one of these parameters: product, product_data.", param="product"
        )
    if "unit_amount" not in params:
        raise InvalidRequestError(
            "Missing required param: unit_amount.", code="parameter_missing", param="unit_amount"
        )
    if "product" in params:
        product = context.referenced("product", params["product"], "product")
    else:
        product = make_product(context, new_id("prod"), **params["product_data"])
    others = {name: params[name] for name in (*_FIELDS, "metadata", "recurring") if name in params}
    return make_price(
        context,
        new_id("price"),
        product["id"],
        amount=params["unit_amount"],
        currency=params["currency"],
        **others,
    )


def make_price(
    context: Context, identifier: str, product: str, *, amount: int, currency: str, **params: Any
) -> dict[str, Any]:
    """Make a price and record ``price.created``.

    Args:
        context: The surroundings of the request.
        identifier: The price's id.
        product: The product's id.
        amount: In the currency's smallest unit (cents).
        currency: A three-letter code.
        params: Request parameters: ``recurring``, ``nickname`` and what else is known.
    """
    if amount < 0:
        raise InvalidRequestError(
            "Invalid non-negative integer", code="parameter_invalid_integer", param="unit_amount"
        )
    recurring = params.get("recurring")
    price = filled(
        "price",
        id=identifier,
        created=context.now(),
        currency=currency_code(currency),
        metadata={},
        product=product,
        recurring=_recurring(recurring) if recurring else None,
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    price.update(changed_fields(price, params, (*_FIELDS, "metadata")))
    context.emit("price.created", context.store.add(price), None)
    return price


def update(context: Context, call: Call) -> dict[str, Any]:
    """Change what can be changed of a price; its amount cannot."""
    price = context.addressed("price", call.id)
    changes = changed_fields(price, call.params, (*_FIELDS, "metadata"))
    return apply(context, price, changes, "price.updated")


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one price."""
    return context.addressed("price", call.id)


def list_prices(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of prices."""
    found = matching(
        context.store.newest_first("price"), call.params, "active", "currency", "product", "type"
    )
    keys = call.params.get("lookup_keys")
    chosen = found if keys is None else [price for price in found if price["lookup_key"] in keys]
    return page(chosen, call.params, "/v1/prices")


def plan_of(price: dict[str, Any]) -> dict[str, Any]:
    """Return a recurring price as the older plan object, which subscription items still carry."""
    return filled(
        "plan",
        id=price["id"],
        active=price["active"],
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        created=price["created"],
        currency=price["currency"],
        interval=price["recurring"]["interval"],
        interval_count=price["recurring"]["interval_count"],
        metadata=dict(price["metadata"]),
        nickname=price["nickname"],
        product=price["product"],
        usage_type=price["recurring"]["usage_type"],
    )


def _recurring(given: dict[str, Any]) -> dict[str, Any]:
    count = given.get("interval_count", 1)
    if count < 1:
        raise InvalidRequestError(
            "Invalid positive integer",
            code="parameter_invalid_integer",
            param="recurring[interval_count]",
        )
    return {
        "interval": given["interval"],
        "interval_count": count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


OPERATIONS = (
    Operation(
        "POST",
        "/v1/prices",
        "PriceCreateParams",
        create,
        (
            *METADATA,
            "active",
            "billing_scheme=per_unit",
            "currency",
            "lookup_key",
            "nickname",
            "product",
            "product_data.active",
            "product_data.metadata.*",
            "product_data.name",
            _INTERVALS,
            "recurring.interval_count",
            "recurring.usage_type=licensed",
            "tax_behavior=exclusive|inclusive|unspecified",
            "unit_amount",
        ),
    ),
    Operation(
        "GET",
        "/v1/prices",
        "PriceListParams",
        list_prices,
        (*PAGE, *CREATED, "active", "currency", "lookup_keys", "product", "type=one_time|recurring"),
    ),
    Operation("GET", "/v1/prices/{id}", "PriceRetrieveParams", retrieve),
    Operation(
        "POST",
        "/v1/prices/{id}",
        "PriceUpdateParams",
        update,
        (*METADATA, "active", "lookup_key", "nickname", "tax_behavior=exclusive|inclusive|unspecified"),
    ),
)
