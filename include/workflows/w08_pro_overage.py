"""W8, Pro overage: without credits, each fix of a Pro customer is charged 1,500 cents."""

from __future__ import annotations

from staging_validation.workflows import Row, Scenario, Workflow, flows, step

MONTH: Row = {"amount": 59_900, "status": "succeeded"}
OVERAGE: Row = {"amount": 1_500, "currency": "usd", "status": "succeeded", "livemode": False}


class ProOverage(Scenario):
    """A Pro customer uses seventy credits up and deploys one fix more."""

    @step
    def spend(self) -> None:
        """Seventy fixes use the bonuses and the month's sixty credits up, and no fix is charged."""
        self.customer = flows.pro_customer(self.staging)

        flows.spend_credits(self.staging, self.customer)

        self.expect.ledger_sums(
            self.customer,
            rows=73,
            trial_signup=5,
            trial_billing_added=5,
            pro_subscription_payment=60,
            fix_deployed=-70,
        )
        self.expect.customer(self.customer, credit_balance=0, fixes_used_this_month=70)
        self.expect.stripe_charges(self.customer, MONTH)

    @step
    def one_more(self) -> None:
        """The next fix is charged 1,500 cents, for one credit that it takes."""
        charged = flows.deploy_fix(self.staging, self.customer)

        self.expect.answer(charged, 200, credit_balance=0, subscription_type="pro")
        self.expect.stripe_charges(self.customer, OVERAGE, MONTH)
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
    "w08_pro_overage",
    "A fix beyond the credits costs a Pro customer 1,500 cents",
    ProOverage,
    needs=("payment_method", "subscribe", "fix"),
)
