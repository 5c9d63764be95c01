"""W1, signup: a new customer gets five credits, a Stripe customer and an API key that works."""

from __future__ import annotations

from staging_validation.workflows import SET, Scenario, Workflow, holding, one_of, step


class Signup(Scenario):
    """A customer signs up and uses the key."""

    @step
    def onboard(self) -> None:
        """Onboarding answers 201 and starts a trial with five credits."""
        self.customer = self.staging.sign_up()

        self.expect.answer(
            self.customer.signup,
            201,
            customer={
                "email": self.customer.email,
                "subscription_type": "trial",
                "trial_fixes_used": 0,
                "trial_fixes_limit": 5,
            },
            api_key=SET,
        )
        self.expect.customer(
            self.customer,
            active=True,
            subscription_type="trial",
            subscription_state=one_of(None, "trial"),
            credit_balance=5,
            has_payment_method=False,
            billing_consent_given=False,
            stripe_customer_id=SET,
        )
        self.expect.ledger(self.customer, (+5, "trial_signup"))
        self.expect.summary(
            self.customer, credit_balance=5, subscription_type="trial", has_payment_method=False
        )

    @step
    def stripe_customer(self) -> None:
        """Stripe knows the customer by the same address and id."""
        self.expect.stripe_customer(
            self.customer,
            email=self.customer.email,
            metadata=holding(str(self.customer.id)),
            livemode=False,
        )
        self.expect.stripe_subscriptions(self.customer)

    @step
    def api_key(self) -> None:
        """The API key opens the API, and a wrong one does not."""
        self.expect.api_keys(self.customer, {"active": True, "matches": True})
        self.expect.answer(self.staging.api.health(self.customer.api_key), 200, status=SET)
        self.expect.answer(self.staging.api.health(f"{self.customer.api_key[:-4]}0000"), 401)


WORKFLOW = Workflow("w01_signup", "Signup gives five credits, a Stripe customer and a key", Signup)
