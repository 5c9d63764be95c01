"""W19, webhook chaos: whatever way events arrive, the state is the one that the distinct events imply."""

from __future__ import annotations

from staging_validation.workflows import Row, Scenario, Signing, Workflow, step

CREDITS = 60
"""Credits of a paid Pro invoice (platform contract, credits and prices)."""

DISTINCT = 90
TWICE = 10
"""A burst of a hundred deliveries: ninety distinct events, ten of them twice."""

AT_ONCE = 8
SIGNUP = (+5, "trial_signup")
PAID = (+60, "pro_subscription_payment")
INVOICE_EVENT: Row = {"event_type": "invoice.payment_succeeded", "amount_cents": 59_900}


class WebhookChaos(Scenario):
    """Events arrive doubled, signed with two secrets, in an old shape, and a hundred in a burst."""

    @step
    def duplicates(self) -> None:
        """An event that arrives three times in a row, and another one many times at once, count once each."""
        self.customer = self.staging.sign_up()
        serial = self.staging.pro_invoice_paid(self.customer)
        concurrent = self.staging.pro_invoice_paid(self.customer)

        for _ in range(3):
            self.expect.answer(self.staging.send(serial), 200, status="success")
        for answer in self.staging.send_at_once(concurrent, AT_ONCE):
            self.expect.answer(answer, 200, status="success")

        self.staging.wait_until_processed(self.customer)
        self.expect.ledger(self.customer, SIGNUP, PAID, PAID)
        self.expect.event(serial, INVOICE_EVENT)
        self.expect.event(concurrent, INVOICE_EVENT)

    @step
    def two_secrets(self) -> None:
        """While a secret is rotated, an event with two signatures counts when one of them is right."""
        rotated = self.staging.pro_invoice_paid(self.customer)

        self.expect.answer(self.staging.send(rotated, Signing.ROTATED), 200, status="success")

        self.staging.wait_until_processed(self.customer)
        self.expect.ledger(self.customer, SIGNUP, PAID, PAID, PAID)

    @step
    def old_shape(self) -> None:
        """An invoice in the shape of an older Stripe API is recorded, and not credited: its price is not told."""
        old = self.staging.pro_invoice_paid(self.customer, old_shape=True)

        self.expect.answer(self.staging.send(old), 200, status="success")

        self.staging.wait_until_processed(self.customer)
        self.expect.event(old, INVOICE_EVENT)
        self.expect.ledger(self.customer, SIGNUP, PAID, PAID, PAID)

    @step
    def burst(self) -> None:
        """Of a hundred deliveries in a burst, each distinct event is recorded and credited once."""
        crowd = self.staging.sign_up()
        distinct = [self.staging.pro_invoice_paid(crowd) for _ in range(DISTINCT)]

        answers = self.staging.send_burst([*distinct, *distinct[:TWICE]])

        self.expect.all_answers(answers, 200)
        self.eventually.recorded_once(distinct)
        self.staging.wait_until_processed(crowd)
        self.expect.ledger_sums(
            crowd, rows=1 + DISTINCT, trial_signup=5, pro_subscription_payment=CREDITS * DISTINCT
        )
        self.expect.customer(crowd, credit_balance=5 + CREDITS * DISTINCT)


WORKFLOW = Workflow("w19_webhook_chaos", "The state is the one that the distinct events imply", WebhookChaos)
