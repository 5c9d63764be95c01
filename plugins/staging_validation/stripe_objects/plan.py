"""Plans the Stripe objects of customer states, and tells them from everybody else's by their metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import JsonValue

if TYPE_CHECKING:
    from staging_validation.fixtures import CustomerState

FIXTURE: Mapping[str, str] = MappingProxyType({"staging_validation": "fixture"})
"""Metadata that every object made for a customer state carries; nothing without it is ever deleted."""

_RUN, _STATE = "validation_run", "fixture"

_GOOD_CARD = "pm_card_visa"
_FAILING_CARD = "pm_card_chargeCustomerFail"
"""Attaches, and fails when it is charged (Stripe documentation, "Testing", declined payments)."""

_IN_ARREARS = frozenset({"past_due", "unpaid"})


@dataclass(frozen=True)
class PlannedObjects:
    """What one customer state needs in Stripe.

    Attributes:
        key: The state's key.
        name: The customer's name.
        email: The customer's address.
        payment_method: The test card to attach and to make the default; None for a state without one.
        metadata: The customer's metadata: that it is a state's, whose run made it, and the state's key.
        idempotency_key: The stem of the idempotency keys of everything that is made for this state in this run.
    """

    key: str
    name: str
    email: str
    payment_method: str | None
    metadata: Mapping[str, str]
    idempotency_key: str


def plan_objects(states: Iterable[CustomerState], run_id: str) -> tuple[PlannedObjects, ...]:
    """Return what each state needs in Stripe, in the states' order.

    Every state has a customer, and those with a payment method have a card: one that fails where the
    subscription is in arrears (platform contract, the ten test customers).

    Args:
        states: The states.
        run_id: The run that makes the objects.
    """
    return tuple(
        PlannedObjects(
            key=state.key,
            name=state.name,
            email=state.email,
            payment_method=_card(state),
            metadata={**FIXTURE, _RUN: run_id, _STATE: state.key},
            idempotency_key=f"fixture-{run_id}-{state.key}",
        )
        for state in states
    )


def is_leftover(customer: Mapping[str, JsonValue], *, keep_run: str) -> bool:
    """Say whether a Stripe customer was made for a customer state by another run than the one to keep."""
    metadata = customer.get("metadata")
    if not isinstance(metadata, dict) or not metadata.items() >= FIXTURE.items():
        return False
    return metadata.get(_RUN) != keep_run


def _card(state: CustomerState) -> str | None:
    if state.payment_method_added_days_ago is None:
        return None
    return _FAILING_CARD if state.subscription_state in _IN_ARREARS else _GOOD_CARD
