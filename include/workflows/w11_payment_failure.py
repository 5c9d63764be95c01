"""W11, payment failure: a renewal that cannot be paid leaves the credits usable, and a later payment mends it."""

from __future__ import annotations

from staging_validation.workflows import TEST_CLOCK, Moment, Row, Scenario, Workflow, flows, step

MONTH: Row = {"status": "paid", "amount_paid": 59_900, "amount_remaining": 0}
UNPAID: Row = {"status": "open", "amount_paid": 0, "amount_remaining": 59_900}
MONTH_EVENT: Row = {"amount_cents": 59_900}


class PaymentFailure(Scenario):
    """A Pro customer's card fails at the renewal; another card pays at Stripe's next attempt."""

    @step
    def failing_card(self) -> None:
        """A card that will fail can be added, and changes nothing yet."""
        self.customer = flows.pro_customer(self.staging, on_clock=True)

        added = self.staging.api.add_payment_method(self.customer.id, flows.FAILING_CARD, consent=True)

        self.expect.answer(added, 200, credit_balance=70, subscription_type="pro")
        self._has(credits_left=70, state="active")

    @step
    def renewal_fails(self) -> None:
        """The renewal fails: past due, and the credits are as before."""
        self.staging.pass_time(self.customer, to=Moment.NEXT_PERIOD)

        self.eventually.events(self.customer, "invoice.payment_failed", MONTH_EVENT)
        self.eventually.customer(self.customer, subscription_state="past_due")
        self.eventually.subscriptions(self.customer, {"plan": "pro", "status": "past_due"})
        self.expect.stripe_subscriptions(self.customer, {"status": "past_due"})
        self.expect.stripe_invoices(self.customer, UNPAID, MONTH)
        self.staging.wait_until_processed(self.customer)
        self._has(credits_left=70, state="past_due")
        self.expect.ledger_sums(
            self.customer, rows=3, trial_signup=5, trial_billing_added=5, pro_subscription_payment=60
        )

    @step
    def still_usable(self) -> None:
        """A fix takes one of the credits all the same."""
        deployed = flows.deploy_fix(self.staging, self.customer)

        self.expect.answer(deployed, 200, credit_balance=69, subscription_type="pro")
        self._has(credits_left=69, state="past_due")

    @step
    def recovery(self) -> None:
        """A good card pays at Stripe's next attempt: active again, and sixty credits."""
        added = self.staging.api.add_payment_method(self.customer.id, flows.GOOD_CARD, consent=True)
        self.expect.answer(added, 200, credit_balance=69, subscription_type="pro")

        self.staging.pass_time(self.customer, to=Moment.NEXT_ATTEMPT)

        self.eventually.events(self.customer, "invoice.payment_succeeded", MONTH_EVENT, MONTH_EVENT)
        self.eventually.customer(self.customer, subscription_state="active")
        self.eventually.subscriptions(self.customer, {"plan": "pro", "status": "active"})
        self.expect.stripe_subscriptions(self.customer, {"status": "active"})
        self.expect.stripe_invoices(self.customer, MONTH, MONTH)
        self.staging.wait_until_processed(self.customer)
        self._has(credits_left=129, state="active")
        self.expect.ledger_sums(
            self.customer,
            rows=5,
            trial_signup=5,
            trial_billing_added=5,
            pro_subscription_payment=120,
            fix_deployed=-1,
        )

    def _has(self, *, credits_left: int, state: str) -> None:
        self.expect.customer(
            self.customer, credit_balance=credits_left, subscription_type="pro", subscription_state=state
        )


WORKFLOW = Workflow(
    "w11_payment_failure",
    "A failed renewal keeps the credits usable, and a later payment mends it",
    PaymentFailure,
    needs=("payment_method", "subscribe", "fix", TEST_CLOCK),
)
