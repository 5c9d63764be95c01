"""Subscriptions: begun, changed and ended by requests; their invoices come from ``billing``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox import lifecycle
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError, unsupported
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, METADATA, PAGE, Call, Operation
from local_staging.stripe_sandbox.resources import subscription_start
from local_staging.stripe_sandbox.resources.prices import plan_of
from local_staging.stripe_sandbox.updates import apply, changed_fields

_STATUSES = "active|all|canceled|ended|incomplete|incomplete_expired|past_due|paused|trialing|unpaid"
_FEEDBACK = (
    "customer_service|low_quality|missing_features|other|switched_service|too_complex|too_expensive|unused"
)
_DETAILS = ("cancellation_details.comment", f"cancellation_details.feedback={_FEEDBACK}")


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one subscription."""
    return context.addressed("subscription", call.id)


def update(context: Context, call: Call) -> dict[str, Any]:
    """Change a subscription: above all, whether it ends with its period."""
    subscription = context.addressed("subscription", call.id)
    if subscription["status"] in lifecycle.FINAL and set(call.params) - {"metadata", "cancellation_details"}:
        raise InvalidRequestError(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    context = context.of(subscription)
    changes = changed_fields(subscription, call.params, ("description", "metadata"))
    if "default_payment_method" in call.params:
        given = call.params["default_payment_method"]
        changes["default_payment_method"] = subscription_start.attached(
            context, given, subscription["customer"]
        )
    if "items" in call.params:
        changes["items"] = _changed_items(context, subscription, call.params)
    details = dict(call.params.get("cancellation_details") or {})
    if "cancel_at_period_end" in call.params:
        changes.update(
            subscription_start.cancel_at_period_end(
                context, subscription, at_end=call.params["cancel_at_period_end"]
            )
        )
        details["reason"] = "cancellation_requested" if call.params["cancel_at_period_end"] else None
    if details:
        changes["cancellation_details"] = {**subscription["cancellation_details"], **details}
    return apply(context, subscription, changes, "customer.subscription.updated")


def cancel(context: Context, call: Call) -> dict[str, Any]:
    """End a subscription now, without a refund."""
    subscription = context.addressed("subscription", call.id)
    if subscription["status"] in lifecycle.FINAL:
        raise InvalidRequestError(
            f"No such subscription: '{call.id}'", status=404, code="resource_missing", param="id"
        )
    given = call.params.get("cancellation_details") or {}
    lifecycle.end(context.of(subscription), subscription, {**given, "reason": "cancellation_requested"})
    return subscription


def list_subscriptions(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of subscriptions.

    Those that ended are listed only when the request's ``status`` asks for them, and those on a test clock only
    when it names the clock or their customer.
    """
    wanted = call.params if "customer" in call.params else {"test_clock": None, **call.params}
    found = matching(context.store.newest_first("subscription"), wanted, "customer", "test_clock")
    price = call.params.get("price")
    chosen = [
        item
        for item in found
        if _has_status(item, call.params.get("status"))
        and (price is None or any(line["price"]["id"] == price for line in item["items"]["data"]))
    ]
    return page(chosen, call.params, "/v1/subscriptions")


def _changed_items(
    context: Context, subscription: Mapping[str, Any], params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the items with new prices and quantities, which hold from the next period on."""
    if params.get("proration_behavior") != "none":
        raise unsupported(
            "prorations; changed items need 'proration_behavior=none'", param="proration_behavior"
        )
    items: dict[str, Any] = copy.deepcopy(subscription["items"])
    by_id = {item["id"]: item for item in items["data"]}
    for index, given in enumerate(params["items"]):
        item = by_id.get(given.get("id", ""))
        if item is None:
            raise unsupported("adding items; name one that there is", param=f"items[{index}][id]")
        item["quantity"] = given.get("quantity", item["quantity"])
        if "price" in given:
            price = context.referenced("price", given["price"], f"items[{index}][price]")
            subscription_start.check_item(price, given)
            if (price["currency"], price["recurring"]) != (
                subscription["currency"],
                item["price"]["recurring"],
            ):
                raise unsupported("a price of another interval or currency", param=f"items[{index}][price]")
            item.update(price=price, plan=plan_of(price))
    return items


def _has_status(subscription: Mapping[str, Any], wanted: str | None) -> bool:
    status: str = subscription["status"]
    if wanted is None:
        return status != "canceled"
    return status in lifecycle.FINAL if wanted == "ended" else wanted in ("all", status)


OPERATIONS = (
    Operation(
        "POST",
        "/v1/subscriptions",
        "SubscriptionCreateParams",
        subscription_start.create,
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
            "proration_behavior=none",
            "trial_end",
            "trial_period_days",
            "trial_settings.end_behavior.missing_payment_method=cancel|create_invoice",
        ),
    ),
    Operation(
        "GET",
        "/v1/subscriptions",
        "SubscriptionListParams",
        list_subscriptions,
        (*PAGE, *CREATED, "customer", "price", f"status={_STATUSES}", "test_clock"),
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
            "items.id",
            "items.price",
            "items.quantity",
            "off_session",
            "proration_behavior=none",
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
