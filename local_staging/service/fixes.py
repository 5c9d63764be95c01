"""Billing a deployed fix: a credit where there is one, else a charge."""

from __future__ import annotations

import hashlib
import time

from local_staging.service.customers import PRO, TRIAL, Customer, lock_customer
from local_staging.service.errors import CardDeclinedError, RefusedError
from local_staging.service.ledger import FIX_DEPLOYED, PURCHASED, consume, grant, is_recorded
from local_staging.service.work import Platform, UnitOfWork

PAY_AS_YOU_GO_CENTS = 2_900
PRO_OVERAGE_CENTS = 1_500
"""A fix beyond the balance (platform contract, credits and prices)."""

_COUNT = {
    TRIAL: """
        UPDATE customers SET trial_fixes_used = coalesce(trial_fixes_used, 0) + 1,
            trial_expired_at = CASE WHEN credit_balance = 0 THEN coalesce(trial_expired_at, %(now)s)
                                    ELSE trial_expired_at END
        WHERE id = %(id)s
    """,
    PRO: "UPDATE customers SET fixes_used_this_month = coalesce(fixes_used_this_month, 0) + 1 WHERE id = %(id)s",
}


def deploy_fix(platform: Platform, customer_id: int, fix_id: str) -> None:
    """Bill a fix that was deployed. The same fix is billed once, however often it is reported.

    Raises:
        RefusedError: No such customer; or the balance is 0 and there is no way to pay.
        CardDeclinedError: The charge failed.
        StripeFailedError: Stripe is away or refuses.
    """
    with platform.unit_of_work() as work:
        customer = lock_customer(work.connection, customer_id)
        if is_recorded(work, customer_id, FIX_DEPLOYED, {"fix_id": fix_id}):
            return
        if customer.credit_balance == 0:
            _purchase(platform, work, customer, fix_id)
        plan = customer.subscription_type
        consume(work, customer_id, plan, {"fix_id": fix_id})
        if plan in _COUNT:
            work.connection.execute(_COUNT[plan], {"id": customer_id, "now": work.now})
        work.emit("usage_tracked", {"quantity": 1}, customer_id=customer_id, plan=plan, resource_type="fix")


def _purchase(platform: Platform, work: UnitOfWork, customer: Customer, fix_id: str) -> None:
    """Charge for one credit, and add it."""
    if (
        not customer.has_payment_method
        or not customer.stripe_customer_id
        or not customer.stripe_payment_method_id
    ):
        raise RefusedError(
            402, "no_billing_info", "No credits are left, and there is no payment method to charge."
        )
    amount_cents = PRO_OVERAGE_CENTS if customer.is_pro else PAY_AS_YOU_GO_CENTS
    began = time.monotonic()
    try:
        intent = platform.stripe.charge(
            customer.stripe_customer_id,
            customer.stripe_payment_method_id,
            amount_cents=amount_cents,
            idempotency_key=_charge_key(customer, fix_id, amount_cents),
            metadata={"customer_id": str(customer.id), "fix_id": fix_id},
        )
    except CardDeclinedError:
        # The attempt was made, whatever becomes of the transaction.
        platform.telemetry.record(
            "payment_processed",
            {"amount_cents": amount_cents, "duration": (time.monotonic() - began) * 1000},
            {"customer_id": customer.id, "status": "failed"},
        )
        raise
    work.emit(
        "payment_processed",
        {"amount_cents": amount_cents, "duration": (time.monotonic() - began) * 1000},
        customer_id=customer.id,
        status="success",
    )
    paid = {"fix_id": fix_id, "amount_cents": amount_cents, "stripe_payment_intent_id": intent}
    grant(work, customer.id, 1, PURCHASED, paid)


def _charge_key(customer: Customer, fix_id: str, amount_cents: int) -> str:
    """Return the charge's idempotency key: a charge whose answer was lost is not made twice.

    Stripe repeats its first answer under the same key, a decline too, so another card makes another key. The
    Stripe customer is part of it because the platform's ids begin anew with an empty database.
    """
    parts = (customer.stripe_customer_id, customer.stripe_payment_method_id, fix_id, amount_cents)
    return f"fix-{customer.id}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"
