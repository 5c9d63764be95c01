"""What several workflows begin with: customers who got somewhere, and credits spent."""

from __future__ import annotations

from staging_validation.errors import CheckFailedError
from staging_validation.workflows.model import Answer, Customer
from staging_validation.workflows.staging import Staging

GOOD_CARD = "pm_card_visa"
"""Stripe's ready payment method whose payments succeed (Stripe documentation, testing)."""

FAILING_CARD = "pm_card_chargeCustomerFail"
"""Stripe's ready payment method that can be added, and whose payments then fail (Stripe documentation, testing)."""

MOST_FIXES = 200
"""How many fixes are deployed at most to spend a balance."""


def customer_with_card(staging: Staging, *, on_clock: bool = False) -> Customer:
    """Sign a customer up and add a card, with consent.

    Args:
        staging: The session.
        on_clock: Put the customer on a test clock.

    Raises:
        CheckFailedError: The platform did not take one of the steps.
    """
    customer = staging.sign_up(on_clock=on_clock)
    _taken(staging.api.add_payment_method(customer.id, GOOD_CARD, consent=True), customer)
    return customer


def pro_customer(staging: Staging, *, on_clock: bool = False) -> Customer:
    """Sign a customer up who subscribes to Pro, and wait until both of Stripe's events about it are applied.

    Their order is Stripe's: the subscription's creation may come after the credits of its first invoice, and what is
    done in between would be undone by it.

    Args:
        staging: The session.
        on_clock: Put the customer on a test clock.

    Raises:
        CheckFailedError: The platform did not take one of the steps, or an event was not applied in time.
    """
    customer = customer_with_card(staging, on_clock=on_clock)
    become_pro(staging, customer)
    return customer


def become_pro(staging: Staging, customer: Customer) -> None:
    """Subscribe a customer with a card to Pro, as :func:`pro_customer` does.

    Raises:
        CheckFailedError: See :func:`pro_customer`.
    """
    before = _balance(staging, customer)
    _taken(staging.api.subscribe(customer.id), customer)
    for event_type in ("customer.subscription.created", "invoice.payment_succeeded"):
        _await_event(staging, customer, event_type)
    if (after := _balance(staging, customer)) <= before:
        raise CheckFailedError(
            f"{customer.email} subscribed to Pro, and the balance is {after} as before: the first invoice brought "
            "no credits.",
            remedy="workflow w06_pro looks closer",
        )


def deploy_fix(staging: Staging, customer: Customer) -> Answer:
    """Deploy a new fix, whose id carries the run."""
    return staging.api.deploy_fix(customer.id, f"fix_{staging.new_name(customer)}")


def deploy_fixes(staging: Staging, customer: Customer, number: int) -> None:
    """Deploy several new fixes.

    Raises:
        CheckFailedError: One of them was refused.
    """
    for _ in range(number):
        _taken(deploy_fix(staging, customer), customer)


def spend_credits(staging: Staging, customer: Customer) -> int:
    """Deploy fixes until no credits are left, and return how many.

    Raises:
        CheckFailedError: A fix was refused, or the balance does not become 0 by as many fixes as it had credits.
    """
    credits_left = _balance(staging, customer)
    if credits_left > MOST_FIXES:
        raise CheckFailedError(
            f"{customer.email} has {credits_left} credits, more than the {MOST_FIXES} fixes deployed at most."
        )
    deploy_fixes(staging, customer, credits_left)
    if left := _balance(staging, customer):
        raise CheckFailedError(
            f"{customer.email} deployed {credits_left} fixes with {credits_left} credits, and the balance is {left}, "
            "expected 0.",
            remedy="look at the customer's credit_transactions: each fix takes exactly one credit",
        )
    return credits_left


def _await_event(staging: Staging, customer: Customer, event_type: str) -> None:
    found = staging.wait(
        lambda: staging.database.events(customer_id=customer.id, event_type=event_type),
        bool,
    )
    if not found:
        raise CheckFailedError(
            f"{customer.email} subscribed to Pro, and no {event_type} is in billing_events.",
            remedy="read the service's log for this webhook, and look in Stripe whether it was delivered",
        )


def _balance(staging: Staging, customer: Customer) -> int:
    row = staging.database.customer(customer.id) or {}
    balance = row.get("credit_balance")
    return balance if isinstance(balance, int) else 0


def _taken(answer: Answer, customer: Customer) -> None:
    if answer.status != 200:
        raise CheckFailedError(
            f"{answer.request} for {customer.email} answered {answer.status} {dict(answer.fields)}, expected 200.",
            remedy="read the service's log at that time",
        )
