"""What the Stripe side of a reset found, as results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from staging_validation.fixtures import SeededObjects
from staging_validation.results import CheckResult, Kind, Severity
from staging_validation.stripe_objects.found import FoundObjects, period_of, prices_of
from staging_validation.stripe_objects.plan import PlannedObjects

_ABSENT = "absent"
_REMEDY = (
    "run the reset again; when that does not help, find out who else changes customers in this Stripe account"
)


def objects_result(
    planned: Sequence[PlannedObjects],
    seeded: Mapping[str, SeededObjects],
    found: Mapping[str, FoundObjects],
    *,
    price_id: str,
    now: int,
) -> CheckResult:
    """Compare the objects that Stripe holds with what the states need.

    Args:
        planned: What each state needs.
        seeded: The ids of what was made, by state key.
        found: What Stripe shows, by state key.
        price_id: The price that is Pro.
        now: The present moment, in Unix seconds: current periods have to hold it.

    Returns:
        One result; when it failed, ``expected`` and ``actual`` hold the fields that differ, by state key.
    """
    expected: dict[str, Any] = {}
    actual: dict[str, Any] = {}
    for plan in planned:
        needed = _needed(plan, seeded.get(plan.key), price_id)
        there = _there(found.get(plan.key, FoundObjects()), now)
        differing = [name for name in needed if needed[name] != there.get(name, _ABSENT)]
        if differing:
            expected[plan.key] = {name: needed[name] for name in differing}
            actual[plan.key] = {name: there.get(name, _ABSENT) for name in differing}
    differs = bool(expected)
    if not differs:
        expected = {
            "customers": len(planned),
            "cards": sum(plan.payment_method is not None for plan in planned),
            "subscriptions": sum(plan.subscription is not None for plan in planned),
        }
        actual = dict(expected)
    return CheckResult.compare(
        id="reset.stripe.objects",
        kind=Kind.RESET,
        subject="Stripe objects of the customer states",
        expected=expected,
        actual=actual,
        evidence={
            "customers": {key: objects.customer_id for key, objects in seeded.items()},
            "subscriptions": {
                key: objects.subscription_id for key, objects in seeded.items() if objects.subscription_id
            },
        },
        remedy=_REMEDY if differs else None,
    )


def sweep_result(deleted: Sequence[str], left: Mapping[str, str], *, keep_run: str) -> CheckResult:
    """Say what the janitor removed; what it could not remove is a warning.

    Args:
        deleted: Ids of the customers and test clocks that are gone.
        left: Why others are still there, by id.
        keep_run: The run whose objects were kept.
    """
    return CheckResult.compare(
        id="reset.stripe.sweep",
        kind=Kind.RESET,
        subject="Stripe customers and test clocks that former runs left",
        severity=Severity.WARNING,
        expected=[],
        actual=sorted(left),
        evidence={"deleted": list(deleted), "left": dict(left), "kept_run": keep_run},
        remedy="nothing is in the way; the next reset tries again" if left else None,
    )


def _needed(plan: PlannedObjects, seeded: SeededObjects | None, price_id: str) -> dict[str, Any]:
    made = seeded or SeededObjects("a customer")
    needed: dict[str, Any] = {
        "customer": made.customer_id,
        "name": plan.name,
        "email": plan.email,
        "metadata": dict(plan.metadata),
        "card": made.payment_method_id or "a card" if plan.payment_method else None,
    }
    if plan.subscription is None:
        return needed
    return {
        **needed,
        "subscription": made.subscription_id or "a subscription",
        "subscription.customer": made.customer_id,
        "subscription.status": plan.subscription.status,
        "subscription.cancel_at_period_end": plan.subscription.cancel_at_period_end,
        "subscription.prices": [price_id],
        "subscription.period": [made.current_period_start, made.current_period_end],
        "subscription.period_holds_now": True,
        "invoices": list(plan.subscription.invoices),
        "test_clock": {"id": made.test_clock_id or "a test clock", "status": "ready"},
    }


def _there(found: FoundObjects, now: int) -> dict[str, Any]:
    customer = found.customer
    if customer is None or customer.get("deleted"):
        return {}
    settings = customer.get("invoice_settings")
    clock = found.clock or {}
    there = {
        "customer": customer.get("id"),
        "name": customer.get("name"),
        "email": customer.get("email"),
        "metadata": customer.get("metadata"),
        "card": settings.get("default_payment_method") if isinstance(settings, dict) else None,
        "invoices": [invoice.get("status") for invoice in found.invoices],
        "test_clock": {"id": customer.get("test_clock"), "status": clock.get("status")},
    }
    return {**there, **_subscribed(found.subscription, now)} if found.subscription else there


def _subscribed(subscription: Mapping[str, JsonValue], now: int) -> dict[str, Any]:
    period = period_of(subscription)
    return {
        "subscription": subscription.get("id"),
        "subscription.customer": subscription.get("customer"),
        "subscription.status": subscription.get("status"),
        "subscription.cancel_at_period_end": subscription.get("cancel_at_period_end"),
        "subscription.prices": prices_of(subscription),
        "subscription.period": list(period) if period else None,
        "subscription.period_holds_now": bool(period and period[0] <= now < period[1]),
    }
