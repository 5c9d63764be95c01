"""Subscriptions: subscribing to Pro, cancelling, and the rows that follow Stripe's objects."""

from __future__ import annotations

import hashlib
import time

from local_staging.service.customers import PAY_AS_YOU_GO, PRO, Customer, lock_customer
from local_staging.service.errors import RefusedError
from local_staging.service.keys import new_row_id
from local_staging.service.stripe_objects import StripeSubscription
from local_staging.service.work import Platform, UnitOfWork

PRO_PRICE_CENTS = 59_900
"""A month of Pro (platform contract, credits and prices)."""

_COUNT_ENDED = """
    SELECT count(*) AS ended FROM subscriptions WHERE customer_id = %s AND status = 'canceled'
"""
_RUNNING = ("active", "past_due", "unpaid")
_UPSERT = """
    INSERT INTO subscriptions
        (id, customer_id, stripe_subscription_id, plan, status, current_period_start, current_period_end,
         cancel_at_period_end, inserted_at, updated_at)
    VALUES (%(id)s, %(customer_id)s, %(stripe_id)s, %(plan)s, %(status)s, %(start)s, %(end)s, %(cancel)s,
            %(now)s, %(now)s)
    ON CONFLICT (stripe_subscription_id) DO UPDATE SET
        status = EXCLUDED.status,
        current_period_start = coalesce(EXCLUDED.current_period_start, subscriptions.current_period_start),
        current_period_end = coalesce(EXCLUDED.current_period_end, subscriptions.current_period_end),
        cancel_at_period_end = EXCLUDED.cancel_at_period_end,
        updated_at = EXCLUDED.updated_at
"""
_BECOME_PRO = """
    UPDATE customers SET stripe_subscription_id = %s, subscription_type = %s, subscription_state = %s,
        subscription_cancel_at_period_end = %s, updated_at = %s
    WHERE id = %s
"""
_CANCEL_LATER = "UPDATE customers SET subscription_cancel_at_period_end = true, updated_at = %s WHERE id = %s"
_CANCEL_NOW = """
    UPDATE customers SET subscription_type = %s, subscription_state = 'canceled',
        subscription_cancel_at_period_end = false, updated_at = %s
    WHERE id = %s
"""


def subscribe(platform: Platform, customer_id: int) -> None:
    """Subscribe a customer to Pro. The credits come with the paid invoice, by webhook.

    Raises:
        RefusedError: No such customer, no payment method, or subscribed already.
        CardDeclinedError: The first payment failed.
        StripeFailedError: Stripe is away or refuses.
    """
    with platform.unit_of_work() as work:
        customer = lock_customer(work.connection, customer_id)
        if not customer.has_payment_method or not customer.stripe_customer_id:
            raise RefusedError(422, "no_payment_method", "Add a payment method before subscribing to Pro.")
        if _is_subscribed(customer):
            raise RefusedError(409, "already_subscribed", "The customer is subscribed to Pro already.")
        key = _subscription_key(work, customer)
        made = _create_subscription(platform, customer.stripe_customer_id, customer_id, key)
        save_subscription(work, customer_id, made)
        work.connection.execute(
            _BECOME_PRO, [made.id, PRO, made.state, made.cancel_at_period_end, work.now, customer_id]
        )
        work.emit(
            "subscription_created",
            {"amount": PRO_PRICE_CENTS, "duration": work.duration_ms},
            customer_id=customer_id,
            plan=PRO,
            status="success",
        )


def cancel(platform: Platform, customer_id: int, *, at_period_end: bool) -> None:
    """Cancel a customer's subscription, now or at the end of its period; the credits stay.

    Raises:
        RefusedError: No such customer, or no active subscription.
        StripeFailedError: Stripe is away or refuses.
    """
    with platform.unit_of_work() as work:
        customer = lock_customer(work.connection, customer_id)
        if not _is_subscribed(customer) or not customer.stripe_subscription_id:
            raise RefusedError(422, "no_active_subscription", "The customer has no active subscription.")
        if at_period_end:
            ended = platform.stripe.cancel_at_period_end(customer.stripe_subscription_id)
            work.connection.execute(_CANCEL_LATER, [work.now, customer_id])
        else:
            ended = platform.stripe.cancel_now(customer.stripe_subscription_id)
            work.connection.execute(_CANCEL_NOW, [PAY_AS_YOU_GO, work.now, customer_id])
        save_subscription(work, customer_id, StripeSubscription.model_validate(ended))


def save_subscription(work: UnitOfWork, customer_id: int, subscription: StripeSubscription) -> None:
    """Bring the ``subscriptions`` row up to what Stripe's object says, or make it."""
    start, end = subscription.period
    work.connection.execute(
        _UPSERT,
        {
            "id": new_row_id(),
            "customer_id": customer_id,
            "stripe_id": subscription.id,
            "plan": PRO,
            "status": subscription.state,
            "start": start,
            "end": end,
            "cancel": subscription.cancel_at_period_end,
            "now": work.now,
        },
    )


def _subscription_key(work: UnitOfWork, customer: Customer) -> str:
    """Return the subscription's idempotency key: one whose answer was lost is not made, and paid, twice.

    Whoever comes back has one more ended subscription by then; those under way do not count, because Stripe's events
    may tell of the first try before the second. Stripe repeats its first answer under the same key, a
    decline too, so another card makes another key. The Stripe customer is part of it because the platform's ids
    begin anew with an empty database.
    """
    counted = work.connection.execute(_COUNT_ENDED, [customer.id]).fetchone()
    ended = counted["ended"] if counted else 0
    parts = (customer.stripe_customer_id, customer.stripe_payment_method_id, ended)
    return f"pro-{customer.id}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"


def _create_subscription(
    platform: Platform, stripe_customer_id: str, customer_id: int, key: str
) -> StripeSubscription:
    began = time.monotonic()
    try:
        made = platform.stripe.create_subscription(
            stripe_customer_id, customer_id=customer_id, idempotency_key=key
        )
    except RefusedError:
        # The attempt was made, whatever becomes of the transaction.
        platform.telemetry.record(
            "subscription_created",
            {"amount": PRO_PRICE_CENTS, "duration": (time.monotonic() - began) * 1000},
            {"customer_id": customer_id, "plan": PRO, "status": "failed"},
        )
        raise
    return StripeSubscription.model_validate(made)


def _is_subscribed(customer: Customer) -> bool:
    return customer.is_pro and customer.subscription_state in _RUNNING
