"""The start of a subscription: its checks, its items, its trial and its first payment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox import billing, clocks, lifecycle, payments
from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError, unsupported
from local_staging.stripe_sandbox.listing import list_of
from local_staging.stripe_sandbox.operations import Call
from local_staging.stripe_sandbox.periods import after, period_end
from local_staging.stripe_sandbox.resources.prices import plan_of
from local_staging.stripe_sandbox.settings import DAY_SECONDS
from local_staging.stripe_sandbox.store import new_id
from local_staging.stripe_sandbox.updates import merged_metadata

_LONGEST_TRIAL: Mapping[str, Any] = {"interval": "year", "interval_count": 2}


def create(context: Context, call: Call) -> dict[str, Any]:
    """Begin a subscription: bill its first period and, unless told otherwise, charge for it at once."""
    params = call.params
    behavior = params.get("payment_behavior", "allow_incomplete")
    customer = _customer(context, params)
    clocks.require_room_for_subscription(context, customer)
    context = context.of(customer)
    prices = _prices(context, params)
    default = attached(context, params.get("default_payment_method"), customer["id"])
    subscription = _subscription(context, customer, params, prices, default)
    method = billing.payment_method_for(context, subscription)
    if behavior != "default_incomplete" and method is None and _due(subscription):
        raise billing.no_payment_method()
    if behavior == "error_if_incomplete" and method and _due(subscription):
        _refuse_declining(context, method)
    context.store.add(subscription, customer["id"], customer["test_clock"])
    invoice = billing.draft_invoice(context, subscription, billing.CREATE)
    billing.finalize(context, invoice)
    if not _due(subscription):
        billing.settle(context, invoice)
    elif method and behavior != "default_incomplete":
        billing.collect(context, invoice, method)
    if subscription["status"] != "trialing":
        subscription["status"] = lifecycle.status_after(invoice, "incomplete")
    context.emit("customer.subscription.created", subscription, None)
    if _is_announced_at_once(context, subscription):
        lifecycle.announce_trial_end(context, subscription)
    return subscription


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
        check_item(price, item)
    if len({price["currency"] for price, _ in pairs}) > 1:
        raise InvalidRequestError("All prices on a subscription must have the same currency.", param="items")
    if len({tuple(price["recurring"].items()) for price, _ in pairs}) > 1:
        raise unsupported("prices of different intervals on one subscription", param="items")
    return pairs


def check_item(price: Mapping[str, Any], item: Mapping[str, Any]) -> None:
    """Refuse a price that no subscription can have, or a negative quantity.

    Args:
        price: The price.
        item: The request's item.

    Raises:
        InvalidRequestError: One of these.
    """
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


def attached(context: Context, identifier: str | None, customer: str) -> str | None:
    """Return the id of a payment method that belongs to the customer; None when none is given.

    Raises:
        InvalidRequestError: There is none with this id, or it belongs to someone else.
    """
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
    trial_end = _trial_end(now, params)
    end = trial_end or period_end(now, now, prices[0][0]["recurring"])
    behavior = params.get("trial_settings", {}).get("end_behavior", {}).get("missing_payment_method")
    items = [_item(identifier, price, given, now, end) for price, given in prices]
    subscription = filled(
        "subscription",
        id=identifier,
        billing_cycle_anchor=trial_end or now,
        cancel_at_period_end=False,
        created=now,
        currency=prices[0][0]["currency"],
        customer=customer["id"],
        default_payment_method=default,
        description=params.get("description") or None,
        items=list_of(items, f"/v1/subscription_items?subscription={identifier}"),
        metadata=merged_metadata({}, params.get("metadata")),
        start_date=now,
        status="trialing" if trial_end else "incomplete",
        test_clock=customer["test_clock"],
        trial_end=trial_end,
        trial_settings={"end_behavior": {"missing_payment_method": behavior or "create_invoice"}},
        trial_start=now if trial_end else None,
    )
    if params.get("cancel_at_period_end"):
        subscription.update(cancel_at_period_end(context, subscription, at_end=True))
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


def _trial_end(now: int, params: Mapping[str, Any]) -> int | None:
    """Return when the trial ends that a request asks for; None without one."""
    if "trial_end" in params and "trial_period_days" in params:
        raise InvalidRequestError(
            "You may only specify one of these parameters: trial_end, trial_period_days.",
            code="parameters_exclusive",
        )
    if params.get("trial_end", "now") == "now" and "trial_period_days" not in params:
        return None
    days = params.get("trial_period_days", 0)
    ending: int = params.get("trial_end", now + days * DAY_SECONDS)
    latest = after(now, 1, _LONGEST_TRIAL)
    if not now < ending <= latest:
        raise InvalidRequestError(
            f"Invalid trial: it has to end after now ({now}) and within two years ({latest}), not at {ending}.",
            param="trial_period_days" if days else "trial_end",
        )
    return ending


def _is_announced_at_once(context: Context, subscription: Mapping[str, Any]) -> bool:
    """Say whether a trial is so short that its end is announced when it begins."""
    if subscription["status"] != "trialing":
        return False
    return bool(subscription["trial_end"] <= context.now() + context.settings.trial_notice_seconds)


def _due(subscription: Mapping[str, Any]) -> int:
    if subscription["status"] == "trialing":
        return 0
    return sum(item["price"]["unit_amount"] * item["quantity"] for item in subscription["items"]["data"])


def _refuse_declining(context: Context, method: Mapping[str, Any]) -> None:
    if decline := payments.decline_of(context, method):
        raise decline.error()


def cancel_at_period_end(
    context: Context, subscription: Mapping[str, Any], *, at_end: bool
) -> dict[str, Any]:
    """Return the fields that say whether a subscription ends with its period.

    Args:
        context: The surroundings of the request.
        subscription: The subscription.
        at_end: Whether it does.
    """
    end = max(item["current_period_end"] for item in subscription["items"]["data"])
    return {
        "cancel_at": end if at_end else None,
        "cancel_at_period_end": at_end,
        "canceled_at": (subscription["canceled_at"] or context.now()) if at_end else None,
    }
