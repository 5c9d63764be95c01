"""W4, payment method: it needs consent, makes the trial pay-as-you-go, and brings five credits once."""

from __future__ import annotations

from staging_validation.workflows import SET, Scenario, Workflow, flows, step

ANOTHER_CARD = "pm_card_mastercard"
"""A second of Stripe's ready payment methods whose payments succeed (Stripe documentation, testing)."""

SIGNUP = (+5, "trial_signup")
BONUS = (+5, "trial_billing_added")


class PaymentMethod(Scenario):
    """A customer adds a card: without consent, with it, again, and another one twice at the same moment."""

    @step
    def without_consent(self) -> None:
        """Without consent to be billed the card is refused, and nothing changes."""
        self.customer = self.staging.sign_up()

        refused = self.staging.api.add_payment_method(self.customer.id, flows.GOOD_CARD, consent=False)

        self.expect.answer(refused, 422, error={"code": "billing_consent_required"})
        self.expect.customer(
            self.customer,
            subscription_type="trial",
            credit_balance=5,
            has_payment_method=False,
            billing_consent_given=False,
            billing_consent_at=None,
            payment_method_added_at=None,
            stripe_payment_method_id=None,
        )
        self.expect.ledger(self.customer, SIGNUP)

    @step
    def with_consent(self) -> None:
        """With consent the customer pays as they go, and gets five credits."""
        added = self.staging.api.add_payment_method(self.customer.id, flows.GOOD_CARD, consent=True)

        self.expect.answer(added, 200, credit_balance=10, has_payment_method=True)
        self.expect.customer(
            self.customer,
            subscription_type="pay_as_you_go",
            credit_balance=10,
            has_payment_method=True,
            billing_consent_given=True,
            billing_consent_at=SET,
            payment_method_added_at=SET,
            stripe_payment_method_id=SET,
        )
        self.expect.ledger(self.customer, SIGNUP, BONUS)
        self.expect.stripe_customer(self.customer, invoice_settings={"default_payment_method": SET})

    @step
    def again(self) -> None:
        """Another card brings no second bonus."""
        added = self.staging.api.add_payment_method(self.customer.id, ANOTHER_CARD, consent=True)

        self.expect.answer(added, 200, credit_balance=10)
        self.expect.customer(self.customer, credit_balance=10, subscription_type="pay_as_you_go")
        self.expect.ledger(self.customer, SIGNUP, BONUS)

    @step
    def twice_at_once(self) -> None:
        """Two cards that are added at the same moment bring one bonus."""
        hasty = self.staging.sign_up()

        self.staging.at_once(
            lambda: self.staging.api.add_payment_method(hasty.id, flows.GOOD_CARD, consent=True), 2
        )

        self.expect.customer(
            hasty, credit_balance=10, has_payment_method=True, subscription_type="pay_as_you_go"
        )
        self.expect.ledger(hasty, SIGNUP, BONUS)


WORKFLOW = Workflow(
    "w04_payment_method",
    "A payment method needs consent and brings five credits once",
    PaymentMethod,
    needs=("payment_method",),
)
