"""Subscriptions: begun, changed and ended by requests; their invoices come from ``billing``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox import billing, payments
from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError, unsupported
from local_staging.stripe_sandbox.listing import list_of, matching, page
from local_staging.stripe_sandbox.operations import CREATED, METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.periods import period_end
from local_staging.stripe_sandbox.resources.prices import plan_of
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.updates import apply, changed_fields, merged_metadata

_STATUSES = "active|all|canceled|ended|incomplete|incomplete_expired|past_due|paused|trialing|unpaid"
_FEEDBACK = (
    "customer_service|low_quality|missing_features|other|switched_service|too_complex|too_expensive|unused"
)
_DETAILS = ("cancellation_details.comment", f"cancellation_details.feedback={_FEEDBACK}")


def create(context: Context, call: Call) -> dict[str, Any]:
    """Begin a subscription: bill its first period and, unless told otherwise, charge for it at once."""
    params = call.params
    behavior = params.get("payment_behavior", "allow_incomplete")
    customer = _customer(context, params)
    prices = _prices(context, params)
    default = _attached(context, params.get("default_payment_method"), customer["id"])
    subscription = _subscription(context, customer, params, prices, default)
    method = billing.payment_method_for(context, subscription)
    if behavior != "default_incomplete" and method is None and _due(subscription):
        raise billing.no_payment_method()
    if behavior == "error_if_incomplete" and method and _due(subscription):
        _refuse_declining(context, method)
    context.store.add(subscription)
    invoice = billing.draft_invoice(context, subscription, "subscription_create")
    billing.finalize(context, invoice)
    if not _due(subscription):
        billing.settle(context, invoice)
    elif method and behavior != "default_incomplete":
        billing.collect(context, invoice, method)
    subscription["status"] = billing.status_after(invoice)
    context.emit("customer.subscription.created", subscription, None)
    return subscription


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one subscription."""
    return context.addressed("subscription", call.id)


def update(context: Context, call: Call) -> dict[str, Any]:
    """Change a subscription: above all, whether it ends with its period."""
    subscription = context.addressed("subscription", call.id)
    if subscription["status"] in billing.FINAL and set(call.params) - {"metadata", "cancellation_details"}:
        raise InvalidRequestError(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    changes = changed_fields(subscription, call.params, ("description", "metadata"))
    if "default_payment_method" in call.params:
        given = call.params["default_payment_method"]
        changes["default_payment_method"] = _attached(context, given, subscription["customer"])
    details = dict(call.params.get("cancellation_details") or {})
    if "cancel_at_period_end" in call.params:
        changes.update(
            _cancel_at_period_end(context, subscription, at_end=call.params["cancel_at_period_end"])
        )
        details["reason"] = "cancellation_requested" if call.params["cancel_at_period_end"] else None
    if details:
        changes["cancellation_details"] = {**subscription["cancellation_details"], **details}
    return apply(context, subscription, changes, "customer.subscription.updated")


def cancel(context: Context, call: Call) -> dict[str, Any]:
    """End a subscription now, without a refund."""
    subscription = context.addressed("subscription", call.id)
    if subscription["status"] in billing.FINAL:
        raise InvalidRequestError(
            f"No such subscription: '{call.id}'", status=404, code="resource_missing", param="id"
        )
    given = call.params.get("cancellation_details") or {}
    billing.end(context, subscription, {**given, "reason": "cancellation_requested"})
    return subscription


def list_subscriptions(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of subscriptions; those that ended only when the request's ``status`` asks for them."""
    found = matching(context.store.newest_first("subscription"), call.params, "customer")
    price = call.params.get("price")
    chosen = [
        item
        for item in found
        if _has_status(item, call.params.get("status"))
        and (price is None or any(line["price"]["id"] == price for line in item["items"]["data"]))
    ]
    return page(chosen, call.params, "/v1/subscriptions")


def _has_status(subscription: Mapping[str, Any], wanted: str | None) -> bool:
    status: str = subscription["status"]
    if wanted is None:
        return status != "canceled"
    return status in billing.FINAL if wanted == "ended" else wanted in ("all", status)


def _customer(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    if "customer" not in params:
        raise InvalidRequestError(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    return context.referenced("customer", params["customer"], "customer")


def _prices(context: Context, params: Mapping[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return price and request of each item; they must be recurring, in one currency and one interval."""
    items = params.get("items") or []
    if not items or any("price" not in item for item in items):
        param = "items[0][price]" if items else "items"
        raise InvalidRequestError(f"Missing required param: {param}.", code="parameter_missing", param=param)
    pairs = [
        (context.referenced("price", item["price"], f"items[{index}][price]"), item)
        for index, item in enumerate(items)
    ]
    for price, item in pairs:
        _check_item(price, item)
    if len({price["currency"] for price, _ in pairs}) > 1:
        raise InvalidRequestError("All prices on a subscription must have the same currency.", param="items")
    if len({tuple(price["recurring"].items()) for price, _ in pairs}) > 1:
        raise unsupported("prices of different intervals on one subscription", param="items")
    return pairs


def _check_item(price: Mapping[str, Any], item: Mapping[str, Any]) -> None:
    if not price["active"]:
        raise InvalidRequestError(
            f"The price specified is inactive. This field only accepts active prices: {price['id']}",
            param="items",
        )
    if price["recurring"] is None:
        raise InvalidRequestError(
            f"The price specified is set to `type=one_time` but this field only accepts prices with "
            f"`type=recurring`: {price['id']}",
            param="items",
        )
    if item.get("quantity", 1) < 0:
        raise InvalidRequestError(
            "Invalid non-negative integer", code="parameter_invalid_integer", param="items"
        )


def _attached(context: Context, identifier: str | None, customer: str) -> str | None:
    """Return the id of a payment method that belongs to the customer; None when none is given."""
    if not identifier:
        return None
    method = context.referenced("payment_method", identifier, "default_payment_method")
    if method["customer"] != customer:
        raise InvalidRequestError(
            f"The customer does not have a payment method with the ID {identifier}. The payment method must be "
            "attached to the customer.",
            code="resource_missing",
            param="default_payment_method",
        )
    return identifier


def _subscription(
    context: Context,
    customer: Mapping[str, Any],
    params: Mapping[str, Any],
    prices: list[tuple[dict[str, Any], dict[str, Any]]],
    default: str | None,
) -> dict[str, Any]:
    now, identifier = context.now(), new_id("sub")
    end = period_end(now, now, prices[0][0]["recurring"])
    items = [_item(identifier, price, given, now, end) for price, given in prices]
    subscription = filled(
        "subscription",
        id=identifier,
        billing_cycle_anchor=now,
        cancel_at_period_end=False,
        created=now,
        currency=prices[0][0]["currency"],
        customer=customer["id"],
        default_payment_method=default,
        description=params.get("description") or None,
        items=list_of(items, f"/v1/subscription_items?subscription={identifier}"),
        metadata=merged_metadata({}, params.get("metadata")),
        start_date=now,
        status="incomplete",
    )
    if params.get("cancel_at_period_end"):
        subscription.update(_cancel_at_period_end(context, subscription, at_end=True))
    return subscription


def _item(
    subscription: str, price: dict[str, Any], given: Mapping[str, Any], start: int, end: int
) -> dict[str, Any]:
    return filled(
        "subscription_item",
        id=new_id("si"),
        created=start,
        current_period_end=end,
        current_period_start=start,
        metadata=merged_metadata({}, given.get("metadata")),
        plan=plan_of(price),
        price=price,
        quantity=given.get("quantity", 1),
        subscription=subscription,
    )


def _due(subscription: Mapping[str, Any]) -> int:
    return sum(item["price"]["unit_amount"] * item["quantity"] for item in subscription["items"]["data"])


def _refuse_declining(context: Context, method: Mapping[str, Any]) -> None:
    if decline := payments.decline_of(context, method):
        raise decline.error()


def _cancel_at_period_end(
    context: Context, subscription: Mapping[str, Any], *, at_end: bool
) -> dict[str, Any]:
    end = max(item["current_period_end"] for item in subscription["items"]["data"])
    return {
        "cancel_at": end if at_end else None,
        "cancel_at_period_end": at_end,
        "canceled_at": (subscription["canceled_at"] or context.now()) if at_end else None,
    }


OPERATIONS = (
    Operation(
        "POST",
        "/v1/subscriptions",
        "SubscriptionCreateParams",
        create,
        (
            *METADATA,
            "cancel_at_period_end",
            "collection_method=charge_automatically",
            "customer",
            "default_payment_method",
            "description",
            "items.metadata.*",
            "items.price",
            "items.quantity",
            "off_session",
            "payment_behavior=allow_incomplete|default_incomplete|error_if_incomplete",
        ),
    ),
    Operation(
        "GET",
        "/v1/subscriptions",
        "SubscriptionListParams",
        list_subscriptions,
        (*PAGE, *CREATED, "customer", "price", f"status={_STATUSES}"),
    ),
    Operation("GET", "/v1/subscriptions/{id}", "SubscriptionRetrieveParams", retrieve),
    Operation(
        "POST",
        "/v1/subscriptions/{id}",
        "SubscriptionUpdateParams",
        update,
        (
            *METADATA,
            *_DETAILS,
            "cancel_at_period_end",
            "default_payment_method",
            "description",
            "off_session",
        ),
    ),
    Operation(
        "DELETE",
        "/v1/subscriptions/{id}",
        "SubscriptionCancelParams",
        cancel,
        (*_DETAILS, "invoice_now=false", "prorate=false"),
    ),
)
