"""W6, Pro: refused without a card; with one, the subscription is paid and brings sixty credits."""

from __future__ import annotations

from staging_validation.workflows import SET, Scenario, Workflow, one_of, step

GOOD_CARD = "pm_card_visa"
"""Stripe's ready payment method whose payments succeed (Stripe documentation, testing)."""


class Pro(Scenario):
    """A customer tries without a card, adds one, and subscribes."""

    @step
    def without_a_card(self) -> None:
        """Subscribing without a card is refused, and nothing changes."""
        self.customer = self.staging.sign_up()

        refusal = self.staging.api.subscribe(self.customer.id)

        self.expect.answer(refusal, 422, error={"code": "no_payment_method"})
        self.still.customer(
            self.customer,
            subscription_type="trial",
            subscription_state=one_of(None, "trial"),
            stripe_subscription_id=None,
            credit_balance=5,
        )
        self.expect.ledger(self.customer, (+5, "trial_signup"))
        self.expect.subscriptions(self.customer)
        self.expect.stripe_subscriptions(self.customer)

    @step
    def add_a_card(self) -> None:
        """A card with consent brings five credits and pay-as-you-go."""
        added = self.staging.api.add_payment_method(self.customer.id, GOOD_CARD, consent=True)

        self.expect.answer(added, 200, credit_balance=10, has_payment_method=True)
        self.expect.customer(
            self.customer,
            subscription_type="pay_as_you_go",
            credit_balance=10,
            has_payment_method=True,
            stripe_payment_method_id=SET,
            billing_consent_given=True,
            billing_consent_at=SET,
        )
        self.expect.ledger(self.customer, (+5, "trial_signup"), (+5, "trial_billing_added"))

    @step
    def subscribe(self) -> None:
        """Subscribing makes the customer Pro and active."""
        subscribed = self.staging.api.subscribe(self.customer.id)

        self.expect.answer(subscribed, 200)
        self.eventually.customer(
            self.customer, subscription_type="pro", subscription_state="active", stripe_subscription_id=SET
        )
        self.eventually.subscriptions(
            self.customer, {"plan": "pro", "status": "active", "cancel_at_period_end": False}
        )
        self.eventually.stripe_subscriptions(self.customer, {"status": "active", "livemode": False})

    @step
    def invoice_paid(self) -> None:
        """The paid invoice brings sixty credits, once."""
        self.eventually.customer(self.customer, credit_balance=70)
        self.still.ledger(
            self.customer,
            (+5, "trial_signup"),
            (+5, "trial_billing_added"),
            (+60, "pro_subscription_payment"),
        )
        self.expect.events(self.customer, "invoice.payment_succeeded", {"amount_cents": 59_900})
        self.expect.stripe_invoices(self.customer, {"status": "paid", "amount_paid": 59_900})
        self.expect.summary(
            self.customer, credit_balance=70, subscription_type="pro", subscription_state="active"
        )


WORKFLOW = Workflow(
    "w06_pro",
    "Pro is refused without a card, and paid Pro brings sixty credits",
    Pro,
    needs=("payment_method", "subscribe", "summary"),
)
