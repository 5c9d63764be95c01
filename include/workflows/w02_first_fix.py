"""W2, first fix: a deployed fix takes one credit, and the same fix is billed once."""

from __future__ import annotations

from staging_validation.workflows import Scenario, Workflow, step

SIGNUP = (+5, "trial_signup")
FIX = (-1, "fix_deployed")


class FirstFix(Scenario):
    """A new customer deploys one fix, and reports it twice."""

    @step
    def deploy(self) -> None:
        """A deployed fix takes one of the five credits, and nothing is charged."""
        self.customer = self.staging.sign_up()
        self.fix = f"fix_{self.staging.new_name(self.customer)}"

        deployed = self.staging.api.deploy_fix(self.customer.id, self.fix)

        self.expect.answer(deployed, 200, credit_balance=4)
        self.expect.customer(self.customer, credit_balance=4, trial_fixes_used=1, subscription_type="trial")
        self.expect.ledger(self.customer, SIGNUP, FIX)
        self.expect.summary(self.customer, credit_balance=4)
        self.expect.stripe_charges(self.customer)

    @step
    def report_again(self) -> None:
        """The same fix, reported again, takes no further credit."""
        again = self.staging.api.deploy_fix(self.customer.id, self.fix)

        self.expect.answer(again, 200, credit_balance=4)
        self.expect.ledger(self.customer, SIGNUP, FIX)
        self.expect.customer(self.customer, credit_balance=4, trial_fixes_used=1)


WORKFLOW = Workflow(
    "w02_first_fix", "A deployed fix takes one credit, once", FirstFix, needs=("fix", "summary")
)
