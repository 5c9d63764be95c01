"""What the Stripe side of a reset found, as results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from staging_validation.fixtures import SeededObjects
from staging_validation.results import CheckResult, Kind, Severity
from staging_validation.stripe_objects.plan import PlannedObjects

_ABSENT = "absent"
_REMEDY = (
    "run the reset again; when that does not help, find out who else changes customers in this Stripe account"
)


def objects_result(
    planned: Sequence[PlannedObjects],
    seeded: Mapping[str, SeededObjects],
    found: Mapping[str, Mapping[str, JsonValue] | None],
) -> CheckResult:
    """Compare the customers that Stripe holds with what the states need.

    Args:
        planned: What each state needs.
        seeded: The ids of what was made, by state key.
        found: The customers as Stripe shows them, by state key; None for one that is not there.

    Returns:
        One result; when it failed, ``expected`` and ``actual`` hold the fields that differ, by state key.
    """
    expected: dict[str, Any] = {}
    actual: dict[str, Any] = {}
    for plan in planned:
        needed, there = _needed(plan, seeded.get(plan.key)), _there(found.get(plan.key))
        differing = [name for name in needed if needed[name] != there.get(name, _ABSENT)]
        if differing:
            expected[plan.key] = {name: needed[name] for name in differing}
            actual[plan.key] = {name: there.get(name, _ABSENT) for name in differing}
    differs = bool(expected)
    if not differs:
        cards = sum(plan.payment_method is not None for plan in planned)
        expected = {"customers": len(planned), "cards": cards}
        actual = dict(expected)
    return CheckResult.compare(
        id="reset.stripe.objects",
        kind=Kind.RESET,
        subject="Stripe objects of the customer states",
        expected=expected,
        actual=actual,
        evidence={"customers": {key: objects.customer_id for key, objects in seeded.items()}},
        remedy=_REMEDY if differs else None,
    )


def sweep_result(deleted: Sequence[str], left: Mapping[str, str], *, keep_run: str) -> CheckResult:
    """Say what the janitor removed; what it could not remove is a warning.

    Args:
        deleted: Ids of the customers that are gone.
        left: Why others are still there, by id.
        keep_run: The run whose customers were kept.
    """
    return CheckResult.compare(
        id="reset.stripe.sweep",
        kind=Kind.RESET,
        subject="Stripe customers that former runs left",
        severity=Severity.WARNING,
        expected=[],
        actual=sorted(left),
        evidence={"deleted": list(deleted), "left": dict(left), "kept_run": keep_run},
        remedy="nothing is in the way; the next reset tries again" if left else None,
    )


def _needed(plan: PlannedObjects, seeded: SeededObjects | None) -> dict[str, Any]:
    card = seeded.payment_method_id if seeded else None
    return {
        "customer": seeded.customer_id if seeded else "a customer",
        "name": plan.name,
        "email": plan.email,
        "metadata": dict(plan.metadata),
        "card": card or "a card" if plan.payment_method else None,
    }


def _there(customer: Mapping[str, JsonValue] | None) -> dict[str, Any]:
    if customer is None or customer.get("deleted"):
        return {}
    settings = customer.get("invoice_settings")
    return {
        "customer": customer.get("id"),
        "name": customer.get("name"),
        "email": customer.get("email"),
        "metadata": customer.get("metadata"),
        "card": settings.get("default_payment_method") if isinstance(settings, dict) else None,
    }
