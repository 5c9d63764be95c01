"""W10, cancel at period end: until then the customer stays Pro, active, and pays the Pro price for a fix.

Two customers cancel: one uses the credits up before the period's end, and the other keeps them beyond it, which needs
Stripe's time to pass.
"""

from __future__ import annotations

from staging_validation.workflows import (
    SET,
    TEST_CLOCK,
    Moment,
    Row,
    Scenario,
    Workflow,
    flows,
    needing,
    step,
)

MONTH: Row = {"amount": 59_900, "status": "succeeded"}
OVERAGE: Row = {"amount": 1_500, "currency": "usd", "status": "succeeded"}
FIX: Row = {"amount": 2_900, "currency": "usd", "status": "succeeded"}


class CancelAtPeriodEnd(Scenario):
    """Pro customers cancel for the end of the period, and go on deploying fixes, before it and after it."""

    @step
    def cancel(self) -> None:
        """Cancelling for the period's end sets the flag, and changes neither type, state nor credits."""
        self.customer = flows.pro_customer(self.staging)

        cancelled = self.staging.api.cancel(self.customer.id, at_period_end=True)

        self.expect.answer(
            cancelled, 200, subscription_type="pro", subscription_state="active", credit_balance=70
        )
        self._is_scheduled()

    @step
    def told_by_stripe(self) -> None:
        """Stripe tells of it, and everything is as it was."""
        self.eventually.events(self.customer, "customer.subscription.updated", {"amount_cents": None})

        self.staging.wait_until_processed(self.customer)

        self._is_scheduled()
        self.expect.subscriptions(self.customer, {"status": "active", "cancel_at_period_end": True})
        self.expect.stripe_subscriptions(self.customer, {"status": "active", "cancel_at_period_end": True})

    @step
    def overage(self) -> None:
        """A fix beyond the credits still costs 1,500 cents."""
        flows.spend_credits(self.staging, self.customer)

        charged = flows.deploy_fix(self.staging, self.customer)

        self.expect.answer(charged, 200, credit_balance=0, subscription_type="pro")
        self.expect.stripe_charges(self.customer, OVERAGE, MONTH)

    @needing(TEST_CLOCK)
    @step
    def period_ends(self) -> None:
        """At the period's end the customer pays as they go, and the credits stay."""
        self.leaver = flows.pro_customer(self.staging, on_clock=True)
        cancelled = self.staging.api.cancel(self.leaver.id, at_period_end=True)
        self.expect.answer(cancelled, 200, subscription_type="pro", subscription_state="active")

        self.staging.pass_time(self.leaver, to=Moment.NEXT_PERIOD)

        self.eventually.events(self.leaver, "customer.subscription.deleted", {"amount_cents": None})
        self.staging.wait_until_processed(self.leaver)
        self.eventually.customer(
            self.leaver,
            subscription_type="pay_as_you_go",
            subscription_state=None,
            stripe_subscription_id=None,
            subscription_cancel_at_period_end=False,
            credit_balance=70,
        )
        self.expect.subscriptions(self.leaver, {"plan": "pro", "status": "canceled"})
        self.expect.stripe_subscriptions(self.leaver, {"status": "canceled"})
        self.expect.stripe_invoices(self.leaver, {"status": "paid", "amount_paid": 59_900})

    @needing(TEST_CLOCK)
    @step
    def after_it(self) -> None:
        """The kept credits pay for seventy fixes, and the next one costs 2,900 cents."""
        flows.spend_credits(self.staging, self.leaver)

        charged = flows.deploy_fix(self.staging, self.leaver)

        self.expect.answer(charged, 200, credit_balance=0, subscription_type="pay_as_you_go")
        self.expect.stripe_charges(self.leaver, FIX, MONTH)
        self.expect.ledger_sums(
            self.leaver,
            rows=75,
            trial_signup=5,
            trial_billing_added=5,
            pro_subscription_payment=60,
            purchased=1,
            fix_deployed=-71,
        )

    def _is_scheduled(self) -> None:
        self.expect.customer(
            self.customer,
            subscription_type="pro",
            subscription_state="active",
            subscription_cancel_at_period_end=True,
            stripe_subscription_id=SET,
            credit_balance=70,
        )


WORKFLOW = Workflow(
    "w10_cancel_at_period_end",
    "Cancelling at the period's end changes nothing before it, and keeps the credits after it",
    CancelAtPeriodEnd,
    needs=("payment_method", "subscribe", "cancel", "fix"),
)
