"""W5, pay as you go: without credits, each fix is charged 2,900 cents."""

from __future__ import annotations

from staging_validation.workflows import Row, Scenario, Workflow, flows, holding, step

PRICE_CENTS = 2_900
CHARGE: Row = {"amount": PRICE_CENTS, "currency": "usd", "status": "succeeded", "livemode": False}


class PayAsYouGo(Scenario):
    """A customer with a card uses ten credits up and deploys one fix more."""

    @step
    def spend(self) -> None:
        """Ten fixes use ten credits up, and nothing is charged."""
        self.customer = flows.customer_with_card(self.staging)

        flows.spend_credits(self.staging, self.customer)

        self.expect.ledger_sums(
            self.customer, rows=12, trial_signup=5, trial_billing_added=5, fix_deployed=-10
        )
        self.expect.stripe_charges(self.customer)

    @step
    def one_more(self) -> None:
        """The next fix is charged 2,900 cents, for one credit that it takes; the charge names the fix."""
        self.fix = f"fix_{self.staging.new_name(self.customer)}"

        charged = self.staging.api.deploy_fix(self.customer.id, self.fix)

        self.expect.answer(charged, 200, credit_balance=0)
        self.expect.stripe_charges(self.customer, {**CHARGE, "metadata": holding(self.fix)})
        self.expect.ledger_sums(
            self.customer, rows=14, trial_signup=5, trial_billing_added=5, purchased=1, fix_deployed=-11
        )
        self.expect.customer(self.customer, credit_balance=0, subscription_type="pay_as_you_go")

    @step
    def report_again(self) -> None:
        """The same fix, reported again, is not charged again."""
        again = self.staging.api.deploy_fix(self.customer.id, self.fix)

        self.expect.answer(again, 200, credit_balance=0)
        self.expect.stripe_charges(self.customer, CHARGE)
        self.expect.ledger_sums(
            self.customer, rows=14, trial_signup=5, trial_billing_added=5, purchased=1, fix_deployed=-11
        )


WORKFLOW = Workflow(
    "w05_pay_as_you_go",
    "A fix beyond the credits costs 2,900 cents, once",
    PayAsYouGo,
    needs=("payment_method", "fix"),
)
