"""W13, marketplace: who comes from the GitHub marketplace gets what everybody gets, and the source is recorded."""

from __future__ import annotations

from staging_validation.workflows import SET, Scenario, Workflow, holding, one_of, step

SOURCE = "gh_marketplace"


class Marketplace(Scenario):
    """A customer signs up in the GitHub marketplace."""

    @step
    def onboard(self) -> None:
        """The customer gets a trial with five credits, and the source is kept."""
        self.customer = self.staging.sign_up(source=SOURCE)

        self.expect.answer(self.customer.signup, 201, customer={"subscription_type": "trial"}, api_key=SET)
        self.expect.customer(
            self.customer,
            metadata=holding(SOURCE),
            subscription_type="trial",
            subscription_state=one_of(None, "trial"),
            credit_balance=5,
            stripe_customer_id=SET,
        )
        self.expect.ledger(self.customer, (+5, "trial_signup"))

    @step
    def use(self) -> None:
        """The API key works, and Stripe knows the customer."""
        self.expect.answer(self.staging.api.health(self.customer.api_key), 200)
        self.expect.stripe_customer(self.customer, email=self.customer.email, livemode=False)


WORKFLOW = Workflow("w13_marketplace", "A signup from the marketplace records its source", Marketplace)
