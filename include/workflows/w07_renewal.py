"""W7, renewal: each next period is paid for and brings sixty credits; credits that are left stay."""

from __future__ import annotations

from staging_validation.workflows import TEST_CLOCK, Moment, Row, Scenario, Workflow, flows, step

SIGNUP = (+5, "trial_signup")
BONUS = (+5, "trial_billing_added")
PAID = (+60, "pro_subscription_payment")
MONTH: Row = {"status": "paid", "amount_paid": 59_900}
MONTH_EVENT: Row = {"amount_cents": 59_900}
CHARGE: Row = {"amount": 59_900, "status": "succeeded"}


class Renewal(Scenario):
    """A Pro customer stays for two more periods."""

    @step
    def next_period(self) -> None:
        """The next period is paid for and brings sixty credits, and the period moves."""
        self.customer = flows.pro_customer(self.staging, on_clock=True)

        self._renew()

        self.eventually.ledger(self.customer, SIGNUP, BONUS, PAID, PAID)
        self.eventually.events(self.customer, "invoice.payment_succeeded", MONTH_EVENT, MONTH_EVENT)
        self.expect.stripe_invoices(self.customer, MONTH, MONTH)
        self.expect.stripe_charges(self.customer, CHARGE, CHARGE)
        self.expect.customer(
            self.customer, credit_balance=130, subscription_type="pro", subscription_state="active"
        )

    @step
    def period_after_it(self) -> None:
        """So does the one after it, once each."""
        self._renew()

        self.eventually.ledger(self.customer, SIGNUP, BONUS, PAID, PAID, PAID)
        self.staging.wait_until_processed(self.customer)
        self.still.ledger(self.customer, SIGNUP, BONUS, PAID, PAID, PAID)
        self.expect.stripe_invoices(self.customer, MONTH, MONTH, MONTH)
        self.expect.customer(
            self.customer, credit_balance=190, subscription_type="pro", subscription_state="active"
        )

    def _renew(self) -> None:
        """Move to the next period, which begins where the last one ended, in Stripe and in the platform's row."""
        before = self.staging.period(self.customer)

        self.staging.pass_time(self.customer, to=Moment.NEXT_PERIOD)

        after = self.staging.period(self.customer)
        self.expect.stripe_subscriptions(
            self.customer, {"status": "active", "items": before.next(until=after.end).items}
        )
        self.eventually.subscriptions(self.customer, {"plan": "pro", "status": "active", **after.columns})


WORKFLOW = Workflow(
    "w07_renewal",
    "Each renewal brings sixty credits and moves the period",
    Renewal,
    needs=("payment_method", "subscribe", TEST_CLOCK),
)
