"""Adding a payment method."""

from __future__ import annotations

from local_staging.service.customers import PAY_AS_YOU_GO, PRO, TRIAL, Customer, lock_customer
from local_staging.service.errors import RefusedError
from local_staging.service.ledger import BILLING_ADDED_CREDITS, TRIAL_BILLING_ADDED, grant, is_recorded
from local_staging.service.work import Platform, UnitOfWork

_UPDATE = """
    UPDATE customers SET
        stripe_payment_method_id = %(payment_method)s, has_payment_method = true,
        payment_method_added_at = coalesce(payment_method_added_at, %(now)s),
        billing_consent_given = true, billing_consent_at = %(now)s,
        subscription_type = %(plan)s, trial_fixes_limit = %(trial_fixes_limit)s, updated_at = %(now)s
    WHERE id = %(id)s
"""


def add_payment_method(platform: Platform, customer_id: int, payment_method: str, *, consent: bool) -> None:
    """Add a payment method and, the first time, five credits; a trial becomes pay-as-you-go.

    Args:
        platform: The platform.
        customer_id: Whose it is.
        payment_method: The Stripe payment method's id.
        consent: Whether the customer agreed to be billed.

    Raises:
        RefusedError: No such customer, or no consent.
        CardDeclinedError: The card cannot be used.
        StripeFailedError: Stripe is away or refuses.
    """
    with platform.unit_of_work() as work:
        customer = lock_customer(work.connection, customer_id)
        if not consent:
            raise RefusedError(
                422,
                "billing_consent_required",
                "The customer must agree to be billed before a card is added.",
            )
        if not customer.stripe_customer_id:
            raise RefusedError(
                422, "no_stripe_customer", "The customer has no Stripe customer to add a card to."
            )
        attached = platform.stripe.set_payment_method(customer.stripe_customer_id, payment_method)
        first = _is_first(work, customer)
        _store(work, customer, attached, first=first)
        if first:
            grant(work, customer_id, BILLING_ADDED_CREDITS, TRIAL_BILLING_ADDED, {})


def _is_first(work: UnitOfWork, customer: Customer) -> bool:
    had_one = customer.has_payment_method or customer.payment_method_added_at is not None
    return not had_one and not is_recorded(work, customer.id, TRIAL_BILLING_ADDED)


def _store(work: UnitOfWork, customer: Customer, payment_method: str, *, first: bool) -> None:
    more_fixes = BILLING_ADDED_CREDITS if first and customer.subscription_type == TRIAL else 0
    work.connection.execute(
        _UPDATE,
        {
            "id": customer.id,
            "payment_method": payment_method,
            "now": work.now,
            "plan": PRO if customer.is_pro else PAY_AS_YOU_GO,
            "trial_fixes_limit": (customer.trial_fixes_limit or 0) + more_fixes,
        },
    )
