"""W3, blocked: without credits and without a payment method, a fix is refused and nothing changes."""

from __future__ import annotations

from staging_validation.workflows import Scenario, Workflow, flows, step

SIGNUP = (+5, "trial_signup")
FIX = (-1, "fix_deployed")


class Blocked(Scenario):
    """A trial customer uses all credits up and deploys one fix more."""

    @step
    def spend(self) -> None:
        """Five fixes use the trial's five credits up."""
        self.customer = self.staging.sign_up()

        flows.spend_credits(self.staging, self.customer)

        self.expect.customer(self.customer, credit_balance=0, subscription_type="trial", trial_fixes_used=5)
        self.expect.ledger(self.customer, SIGNUP, FIX, FIX, FIX, FIX, FIX)

    @step
    def one_more(self) -> None:
        """The sixth fix is refused: no ledger row, no charge."""
        refused = flows.deploy_fix(self.staging, self.customer)

        self.expect.answer(refused, 402, error={"code": "no_billing_info"})
        self.expect.customer(self.customer, credit_balance=0, subscription_type="trial", trial_fixes_used=5)
        self.expect.ledger(self.customer, SIGNUP, FIX, FIX, FIX, FIX, FIX)
        self.expect.stripe_charges(self.customer)


WORKFLOW = Workflow(
    "w03_blocked", "A fix without credits and without a payment method is refused", Blocked, needs=("fix",)
)
