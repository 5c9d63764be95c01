"""W9, cancel now: the customer pays as they go again, keeps the credits, and then pays 2,900 cents for a fix."""

from __future__ import annotations

from staging_validation.workflows import Row, Scenario, Workflow, flows, one_of, step

MONTH: Row = {"amount": 59_900, "status": "succeeded"}
FIX: Row = {"amount": 2_900, "currency": "usd", "status": "succeeded"}


class CancelNow(Scenario):
    """A Pro customer cancels, and goes on deploying fixes."""

    @step
    def cancel(self) -> None:
        """Cancelling makes the customer pay-as-you-go at once."""
        self.customer = flows.pro_customer(self.staging)

        cancelled = self.staging.api.cancel(self.customer.id, at_period_end=False)

        self.expect.answer(cancelled, 200, subscription_type="pay_as_you_go", credit_balance=70)
        # Stripe's event may be there already, which turns the state into null.
        self.expect.customer(
            self.customer, subscription_type="pay_as_you_go", subscription_state=one_of("canceled", None)
        )

    @step
    def deleted(self) -> None:
        """Stripe's event ends the subscription, and the credits stay."""
        self.eventually.events(self.customer, "customer.subscription.deleted", {"amount_cents": None})
        self.eventually.customer(
            self.customer,
            subscription_type="pay_as_you_go",
            subscription_state=None,
            stripe_subscription_id=None,
            subscription_cancel_at_period_end=False,
            credit_balance=70,
        )
        self.expect.subscriptions(self.customer, {"plan": "pro", "status": "canceled"})
        self.expect.stripe_subscriptions(self.customer, {"status": "canceled"})

    @step
    def cancel_again(self) -> None:
        """There is nothing left to cancel."""
        refused = self.staging.api.cancel(self.customer.id, at_period_end=False)

        self.expect.answer(refused, 422, error={"code": "no_active_subscription"})

    @step
    def next_fix(self) -> None:
        """The kept credits pay for seventy fixes, and the next one costs 2,900 cents."""
        flows.spend_credits(self.staging, self.customer)

        charged = flows.deploy_fix(self.staging, self.customer)

        self.expect.answer(charged, 200, credit_balance=0)
        self.expect.stripe_charges(self.customer, FIX, MONTH)
        self.expect.ledger_sums(
            self.customer,
            rows=75,
            trial_signup=5,
            trial_billing_added=5,
            pro_subscription_payment=60,
            purchased=1,
            fix_deployed=-71,
        )


WORKFLOW = Workflow(
    "w09_cancel_now",
    "Cancelling now keeps the credits and ends the Pro price",
    CancelNow,
    needs=("payment_method", "subscribe", "cancel", "fix"),
)
