"""W10, cancel at period end: until then the customer stays Pro, active, and pays the Pro price for a fix.

The end of the period itself needs Stripe's time to pass, and is not part of this workflow.
"""

from __future__ import annotations

from staging_validation.workflows import SET, Row, Scenario, Workflow, flows, step

MONTH: Row = {"amount": 59_900, "status": "succeeded"}
OVERAGE: Row = {"amount": 1_500, "currency": "usd", "status": "succeeded"}


class CancelAtPeriodEnd(Scenario):
    """A Pro customer cancels for the end of the period, and goes on deploying fixes."""

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
    "Cancelling at the period's end changes nothing before it",
    CancelAtPeriodEnd,
    needs=("payment_method", "subscribe", "cancel", "fix"),
)
