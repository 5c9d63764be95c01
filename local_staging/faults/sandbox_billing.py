"""Faults of Stripe's side that cost money: charges, invoices, renewals, retries, ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_staging.faults.model import Fault, Notice
from local_staging.faults.switches import always, wrapped
from local_staging.stripe_sandbox import billing, lifecycle, payments
from local_staging.stripe_sandbox.idempotency import IdempotencyKeys
from local_staging.stripe_sandbox.resources import payment_intents, subscription_start

Step = Callable[..., Any]

_TOO_MUCH_CENTS = 100


def twice(step: Step) -> Step:
    """Do something twice."""

    def again(*what: Any, **how: Any) -> Any:
        step(*what, **how)
        return step(*what, **how)

    return again


def in_live_mode(filled: Step) -> Step:
    """Make objects that say they are live."""
    return lambda kind, **fields: {**filled(kind, **fields), "livemode": True}


def too_expensive(line: Step) -> Step:
    """Ask for a dollar more than the price."""

    def dearer(*of: Any) -> dict[str, Any]:
        made: dict[str, Any] = line(*of)
        dear = made["amount"] + _TOO_MUCH_CENTS
        return {**made, "amount": dear, "subtotal": dear}

    return dearer


def without_flag(fields: Step) -> Step:
    """Take a request to end with the period, and change nothing."""
    return lambda context, subscription, *, at_end: {
        name: subscription[name] for name in fields(context, subscription, at_end=at_end)
    }


def without_invoice(draft: Step) -> Step:
    """Begin a new period without an invoice for it."""

    def drafted(context: Any, subscription: dict[str, Any], reason: str, **how: Any) -> Any:
        if reason == billing.CREATE:
            return draft(context, subscription, reason, **how)
        return context.store.get(subscription["latest_invoice"])

    return drafted


def never_charged(_: Step) -> Step:
    """Open a renewal's invoice and never charge for it."""

    def opened(context: Any, invoice: dict[str, Any]) -> None:
        billing.finalize(context, invoice)
        invoice["next_payment_attempt"] = None

    return opened


def renewed_anyway(period_over: Step) -> Step:
    """Renew a subscription also when it was to end with its period."""

    def over(context: Any, subscription: dict[str, Any]) -> None:
        subscription["cancel_at_period_end"] = False
        period_over(context, subscription)

    return over


def tried_once(attempt_due: Step) -> Step:
    """Charge for an invoice once, and never again."""

    def tried(context: Any, invoice: dict[str, Any]) -> None:
        if invoice["attempted"]:
            invoice["next_payment_attempt"] = None
        else:
            attempt_due(context, invoice)

    return tried


CHARGES = (
    Fault(
        "charged-twice",
        "A payment is one charge.",
        wrapped(payments, "charge", twice),
        Notice(
            "w05_pay_as_you_go",
            "one_more.stripe_charges",
            "amount=2900 … amount=2900 … (expected amount=2900",
        ),
    ),
    Fault(
        "charged-in-euros",
        "A fix is charged in US dollars.",
        always(payment_intents, "currency_code", answer="eur"),
        Notice(
            "w05_pay_as_you_go",
            "one_more.stripe_charges",
            "currency=eur … (expected amount=2900, currency=usd",
        ),
    ),
    Fault(
        "live-money",
        "Nothing of staging is in Stripe's live mode.",
        wrapped(payments, "filled", in_live_mode),
        Notice("w05_pay_as_you_go", "one_more.error", "says livemode True: it is no test-mode object"),
    ),
    Fault(
        "decline-reported-as-success",
        "A card that declines pays nothing.",
        always(payments, "decline_of", answer=None),
        Notice(
            "w11_payment_failure",
            "renewal_fails.stripe_invoices",
            "status=paid, amount_paid=59900 … (expected status=open, amount_paid=0",
        ),
    ),
    Fault(
        "idempotency-key-ignored",
        "Stripe answers a repeated request from memory.",
        always(IdempotencyKeys, "find", answer=None),
        unnoticed="it shows only when a request is repeated because its answer was lost, which no workflow brings "
        "about; the sandbox's own tests repeat requests, and notice it",
    ),
)

INVOICES = (
    Fault(
        "invoice-too-high",
        "A month of Pro costs 59,900 cents.",
        wrapped(billing, "_line", too_expensive),
        Notice("w06_pro", "invoice_paid.events", "amount_cents=60000 (expected amount_cents=59900"),
    ),
    Fault(
        "renewal-without-an-invoice",
        "A new period has its invoice.",
        wrapped(billing, "draft_invoice", without_invoice),
        Notice(
            "w07_renewal",
            "next_period.stripe_invoices",
            "amount_paid=59900 (expected status=paid, amount_paid=59900; status=paid, amount_paid=59900",
        ),
    ),
    Fault(
        "renewal-not-charged",
        "The invoice of a renewal is charged.",
        wrapped(lifecycle, "draft_due", never_charged),
        Notice(
            "w07_renewal",
            "next_period.stripe_invoices",
            "status=open, amount_paid=0 … (expected status=paid, amount_paid=59900",
        ),
    ),
    Fault(
        "renewal-charged-twice",
        "The invoice of a renewal is charged once.",
        wrapped(lifecycle, "attempt_due", twice),
        Notice(
            "w07_renewal",
            "next_period.stripe_charges",
            "amount=59900 … amount=59900 … amount=59900 … (expected amount=59900",
        ),
    ),
    Fault(
        "dunning-never-retries",
        "A renewal that could not be paid is tried again.",
        wrapped(lifecycle, "attempt_due", tried_once),
        Notice(
            "w11_payment_failure",
            "recovery.stripe_invoices",
            "status=open, amount_paid=0 … (expected status=paid, amount_paid=59900",
        ),
    ),
    Fault(
        "debt-forgiven",
        "A subscription whose renewal could not be paid is past due.",
        always(lifecycle, "follow_invoice", answer=None),
        Notice(
            "w11_payment_failure",
            "renewal_fails.stripe_subscriptions",
            "status=active (expected status=past_due",
        ),
    ),
)

ENDS = (
    Fault(
        "cancel-at-period-end-ignored",
        "Stripe knows that a subscription ends with its period.",
        wrapped(subscription_start, "cancel_at_period_end", without_flag),
        Notice(
            "w10_cancel_at_period_end",
            "*.customer",
            "subscription_cancel_at_period_end is false, expected true",
        ),
    ),
    Fault(
        "period-never-ends",
        "A subscription that was to end with its period is not renewed.",
        wrapped(lifecycle, "period_over", renewed_anyway),
        Notice(
            "w10_cancel_at_period_end",
            "period_ends.stripe_subscriptions",
            "status=active (expected status=canceled",
        ),
    ),
    Fault(
        "cancelled-runs-on",
        "A subscription that is cancelled now has ended.",
        always(lifecycle, "end", answer=None),
        Notice("w09_cancel_now", "deleted.stripe_subscriptions", "status=active (expected status=canceled"),
    ),
)

FAULTS = (*CHARGES, *INVOICES, *ENDS)
