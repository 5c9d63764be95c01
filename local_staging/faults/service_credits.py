"""Faults of credits and prices: bonuses, the ledger, fixes and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from threading import Barrier, BrokenBarrierError
from typing import Any

from local_staging.faults.model import Fault, Notice
from local_staging.faults.switches import all_of, always, constant, reworded, wrapped
from local_staging.service import customers, fixes, internal_routes, ledger, onboarding, payment_methods
from local_staging.service.customers import PAY_AS_YOU_GO, Customer
from local_staging.service.errors import RefusedError
from local_staging.service.stripe_gateway import StripeGateway

_EIGHT = "%s, %s, %s, %s, %s, %s, %s, %s"
_MEETING_SECONDS = 0.6
_STALE_BALANCE = "UPDATE customers SET credit_balance = %s WHERE id = %s"


def refused(*_: Any, **__: Any) -> None:
    """Refuse a card."""
    raise RefusedError(422, "no_cards_today", "No cards are taken today.")


def with_consent(add: Callable[..., None]) -> Callable[..., None]:
    """Add cards as if the customer had consented."""
    return lambda *card, **_: add(*card, consent=True)


def two_at_a_time(look: Callable[..., bool]) -> Callable[..., bool]:
    """Let two requests that come together both look before either of them writes."""
    meeting = Barrier(2)

    def met(work: Any, customer: Customer) -> bool:
        seen = look(work, customer)
        try:
            meeting.wait(_MEETING_SECONDS)
        except BrokenBarrierError:
            meeting.reset()
        return seen

    return met


def over_a_stale_balance(store: Callable[..., None]) -> Callable[..., None]:
    """Write the balance back as it was read, whatever has moved it since."""

    def stale(work: Any, customer: Customer, *paid: Any, **how: Any) -> None:
        store(work, customer, *paid, **how)
        work.connection.execute(_STALE_BALANCE, [customer.credit_balance, customer.id])

    return stale


def given_away(_: Any) -> Callable[..., None]:
    """Give a credit away where it should be charged for."""
    return lambda _, work, customer, fix_id: ledger.grant(
        work, customer.id, 1, ledger.PURCHASED, {"fix_id": fix_id}
    )


def new_key_each_time(_: Any) -> Callable[..., str]:
    """Make another idempotency key for every try of a charge."""
    numbers = count(1)
    return lambda customer, fix_id, _: f"{customer.stripe_customer_id}-{fix_id}-{next(numbers)}"


def without_metadata(charge: Callable[..., str]) -> Callable[..., str]:
    """Charge without saying for what."""
    return lambda *paid, **how: charge(*paid, **{**how, "metadata": {}})


BONUSES = (
    Fault(
        "no-signup-credits",
        "A new customer gets five credits.",
        constant(onboarding, "SIGNUP_CREDITS", 0),
        Notice("w01_signup", "onboard.customer", "credit_balance is 0, expected 5"),
    ),
    Fault(
        "no-card-bonus",
        "The first card brings five credits.",
        always(payment_methods, "_is_first", answer=False),
        Notice("w04_payment_method", "with_consent.answer", "credit_balance is 5, expected 10"),
    ),
    Fault(
        "bonus-for-each-card",
        "Only the first card brings credits.",
        always(payment_methods, "_is_first", answer=True),
        Notice("w04_payment_method", "again.customer", "credit_balance is 15, expected 10"),
    ),
    Fault(
        "race-for-the-bonus",
        "Two cards that are added at the same moment bring one bonus.",
        all_of(
            reworded(customers, "_LOCK", "FOR NO KEY UPDATE", ""),
            wrapped(payment_methods, "_is_first", two_at_a_time),
        ),
        Notice("w04_payment_method", "twice_at_once.customer", "credit_balance is 15, expected 10"),
    ),
    Fault(
        "race-on-the-balance",
        "Two movements at the same moment both count: the balance is the sum of the ledger.",
        all_of(
            reworded(customers, "_LOCK", "FOR NO KEY UPDATE", ""),
            wrapped(payment_methods, "_is_first", two_at_a_time),
            wrapped(payment_methods, "_store", over_a_stale_balance),
        ),
        Notice(
            "w04_payment_method",
            "twice_at_once.ledger",
            "balance_after=10; amount=5, source=trial_billing_added, balance_after=10 (expected",
        ),
    ),
    Fault(
        "consent-ignored",
        "A card needs the customer's consent to be billed.",
        wrapped(internal_routes, "add_payment_method", with_consent),
        Notice("w04_payment_method", "without_consent.answer", "http_status is 200, expected 422"),
    ),
    Fault(
        "card-keeps-the-trial",
        "A card makes a trial pay-as-you-go.",
        reworded(
            payment_methods,
            "_UPDATE",
            "subscription_type = %(plan)s",
            "subscription_type = coalesce(subscription_type, %(plan)s)",
        ),
        Notice(
            "w04_payment_method",
            "with_consent.customer",
            "subscription_type is trial, expected pay_as_you_go",
        ),
    ),
    Fault(
        "cards-refused",
        "A good card is taken.",
        constant(internal_routes, "add_payment_method", refused),
        Notice("w05_pay_as_you_go", "spend.error", "answered 422 … expected 200"),
    ),
)

LEDGER = (
    Fault(
        "ledger-off-by-one",
        "A ledger row's balance is the sum of all rows up to it.",
        reworded(
            ledger, "_MOVE", "RETURNING credit_balance", "RETURNING credit_balance + 1 AS credit_balance"
        ),
        Notice("w01_signup", "onboard.ledger", "balance_after=6 (expected amount=5, source=trial_signup"),
    ),
    Fault(
        "ledger-row-missing",
        "Every movement of the balance has its ledger row.",
        reworded(ledger, "_INSERT", f"VALUES ({_EIGHT})", f"SELECT {_EIGHT} WHERE false"),
        Notice("w01_signup", "onboard.ledger", "none (expected amount=5, source=trial_signup"),
    ),
    Fault(
        "fix-takes-no-credit",
        "A deployed fix takes one credit.",
        always(fixes, "consume", answer=None),
        Notice("w02_first_fix", "deploy.answer", "credit_balance is 5, expected 4"),
    ),
    Fault(
        "fix-billed-twice",
        "The same fix is billed once, however often it is reported.",
        always(fixes, "is_recorded", answer=False),
        Notice("w02_first_fix", "report_again.customer", "credit_balance is 3, expected 4"),
    ),
    Fault(
        "fixes-not-counted",
        "A trial's fixes are counted.",
        constant(fixes, "_COUNT", {}),
        Notice("w02_first_fix", "deploy.customer", "trial_fixes_used is 0, expected 1"),
    ),
)

PRICES = (
    Fault(
        "free-fix",
        "Without credits and without a card, a fix is refused.",
        wrapped(fixes, "_purchase", given_away),
        Notice("w03_blocked", "one_more.answer", "http_status is 200, expected 402"),
    ),
    Fault(
        "wrong-price",
        "A fix beyond the credits costs a pay-as-you-go customer 2,900 cents.",
        constant(fixes, "PAY_AS_YOU_GO_CENTS", 2_800),
        Notice("w05_pay_as_you_go", "one_more.stripe_charges", "amount=2800 … (expected amount=2900"),
    ),
    Fault(
        "wrong-currency-unit",
        "Stripe is told amounts in cents.",
        constant(fixes, "PAY_AS_YOU_GO_CENTS", 290_000),
        Notice("w05_pay_as_you_go", "one_more.stripe_charges", "amount=290000 … (expected amount=2900,"),
    ),
    Fault(
        "pro-price-for-everybody",
        "Only a Pro customer pays the Pro price for a fix beyond the credits.",
        constant(fixes, "PAY_AS_YOU_GO_CENTS", 1_500),
        Notice("w09_cancel_now", "next_fix.stripe_charges", "amount=1500 … (expected amount=2900"),
    ),
    Fault(
        "wrong-pro-price",
        "A fix beyond the credits costs a Pro customer 1,500 cents.",
        constant(fixes, "PRO_OVERAGE_CENTS", 2_900),
        Notice("w08_pro_overage", "one_more.stripe_charges", "amount=2900 … (expected amount=1500"),
    ),
    Fault(
        "charge-without-idempotency",
        "The same fix, reported again, is not charged again.",
        all_of(always(fixes, "is_recorded", answer=False), wrapped(fixes, "_charge_key", new_key_each_time)),
        Notice(
            "w05_pay_as_you_go",
            "report_again.stripe_charges",
            "amount=2900 … amount=2900 … (expected amount=2900",
        ),
    ),
    Fault(
        "charge-without-metadata",
        "A charge names the fix that it is for.",
        wrapped(StripeGateway, "charge", without_metadata),
        Notice(
            "w05_pay_as_you_go",
            "one_more.stripe_charges",
            "metadata= (expected … metadata=(a field with the value fix_w05",
        ),
    ),
    Fault(
        "new-key-for-every-try",
        "A charge whose answer was lost is made once: every try of it has the same idempotency key.",
        wrapped(fixes, "_charge_key", new_key_each_time),
        unnoticed="it shows only when the answer to a charge is lost, which no workflow brings about; "
        "`tests/workflows/test_disturbances.py` loses answers, and notices it",
    ),
    Fault(
        "card-update-downgrades",
        "A Pro customer who adds another card stays Pro.",
        constant(payment_methods, "PRO", PAY_AS_YOU_GO),
        Notice(
            "w11_payment_failure", "failing_card.answer", "subscription_type is pay_as_you_go, expected pro"
        ),
    ),
)

FAULTS = (*BONUSES, *LEDGER, *PRICES)
