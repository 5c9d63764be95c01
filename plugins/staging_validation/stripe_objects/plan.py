"""Plans the Stripe objects of customer states, and tells them from everybody else's by their metadata and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import JsonValue

from staging_validation.stripe_objects.subscriptions import (
    FAILING_CARD,
    GOOD_CARD,
    PlannedSubscription,
    in_arrears,
    plan_subscription,
)
from staging_validation.workflows.leftovers import FIXTURE_PURPOSE
from staging_validation.workflows.naming import clock_name, clock_run

if TYPE_CHECKING:
    from staging_validation.fixtures import CustomerState

FIXTURE: Mapping[str, str] = MappingProxyType({"staging_validation": "fixture"})
"""Metadata that every object made for a customer state carries; nothing without it is ever deleted."""

_RUN, _STATE = "validation_run", "fixture"


@dataclass(frozen=True)
class PlannedObjects:
    """What one customer state needs in Stripe.

    Attributes:
        key: The state's key.
        name: The customer's name.
        email: The customer's address.
        payment_method: The test card that is the default in the end; None for a state without one.
        metadata: The customer's metadata: that it is a state's, whose run made it, and the state's key.
        idempotency_key: The stem of the idempotency keys of everything that is made for this state in this run.
        subscription: The subscription, with the test clock that the customer lives on; None for a state without one.
    """

    key: str
    name: str
    email: str
    payment_method: str | None
    metadata: Mapping[str, str]
    idempotency_key: str
    subscription: PlannedSubscription | None = None


def plan_objects(states: Iterable[CustomerState], run_id: str) -> tuple[PlannedObjects, ...]:
    """Return what each state needs in Stripe, in the states' order.

    Every state has a customer, those with a payment method have a card (one that fails where the subscription is in
    arrears), and Pro customers have a subscription (platform contract, the ten test customers).

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
            subscription=plan_subscription(state, run_id),
        )
        for state in states
    )


def is_leftover(customer: Mapping[str, JsonValue], *, keep_run: str) -> bool:
    """Say whether a Stripe customer was made for a customer state by another run than the one to keep."""
    metadata = customer.get("metadata")
    if not isinstance(metadata, dict) or not metadata.items() >= FIXTURE.items():
        return False
    return metadata.get(_RUN) != keep_run


def is_leftover_clock(clock: Mapping[str, JsonValue], *, keep_run: str, made_before: int) -> bool:
    """Say whether a test clock was made for a customer state by another run than the one to keep, long enough ago.

    Clocks carry no metadata, so the name decides; Stripe's listing of customers leaves out those on a clock, so this
    is how they are found.

    Args:
        clock: The clock.
        keep_run: The run to keep.
        made_before: The moment before which it was made, in Unix seconds.
    """
    name, created = str(clock.get("name") or ""), clock.get("created")
    run = clock_run(name)
    if run is None or run == keep_run or not name.startswith(clock_name(FIXTURE_PURPOSE, run)):
        return False
    return isinstance(created, int) and created < made_before


def _card(state: CustomerState) -> str | None:
    if state.payment_method_added_days_ago is None:
        return None
    return FAILING_CARD if in_arrears(state) else GOOD_CARD
