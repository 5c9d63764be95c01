"""W12, idempotency: Stripe may deliver an event twice, or at the same moment; it counts once."""

from __future__ import annotations

from staging_validation.workflows import Row, Scenario, Workflow, step

DELIVERIES = 8
"""How many deliveries of one event arrive at the same moment."""

SIGNUP = (+5, "trial_signup")
PAID = (+60, "pro_subscription_payment")
INVOICE_EVENT: Row = {"event_type": "invoice.payment_succeeded", "amount_cents": 59_900}


class Idempotency(Scenario):
    """The event of a paid invoice is delivered once, again, and many times at once."""

    @step
    def first_delivery(self) -> None:
        """A paid invoice is credited."""
        self.customer = self.staging.sign_up()
        self.invoice = self.staging.pro_invoice_paid(self.customer)

        self.expect.answer(self.staging.send(self.invoice), 200, status="success")

        self.eventually.ledger(self.customer, SIGNUP, PAID)
        self.expect.event(self.invoice, INVOICE_EVENT)
        self.expect.customer(self.customer, credit_balance=65)

    @step
    def second_delivery(self) -> None:
        """The same event again is accepted and changes nothing."""
        self.expect.answer(self.staging.send(self.invoice), 200, status="success")

        self.staging.wait_until_processed(self.customer)
        self.still.ledger(self.customer, SIGNUP, PAID)
        self.expect.event(self.invoice, INVOICE_EVENT)
        self.expect.customer(self.customer, credit_balance=65)

    @step
    def concurrent_deliveries(self) -> None:
        """Another event, delivered many times at once, is credited once."""
        another = self.staging.pro_invoice_paid(self.customer)

        for answer in self.staging.send_at_once(another, DELIVERIES):
            self.expect.answer(answer, 200, status="success")

        self.eventually.ledger(self.customer, SIGNUP, PAID, PAID)
        self.staging.wait_until_processed(self.customer)
        self.still.ledger(self.customer, SIGNUP, PAID, PAID)
        self.expect.event(another, INVOICE_EVENT)
        self.expect.customer(self.customer, credit_balance=125)


WORKFLOW = Workflow(
    "w12_idempotency", "An event that Stripe delivers more than once counts once", Idempotency
)
