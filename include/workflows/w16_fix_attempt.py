"""W16, fix attempt: a pull request is recorded once, with a known status, and only with an API key."""

from __future__ import annotations

from staging_validation.workflows import SET, Row, Scenario, Workflow, step

CREATED: Row = {"pr_number": 1, "status": "pending", "billing_status": "not_billed"}


class FixAttempt(Scenario):
    """A customer reports pull requests."""

    @step
    def create(self) -> None:
        """A new pull request is recorded as pending and not billed."""
        self.customer = self.staging.sign_up()
        self.attempt: Row = {
            "github_org": "staging-validation",
            "repo_name": self.staging.new_name(self.customer),
            "pr_number": 1,
            "issue_number": 7,
        }

        created = self.staging.api.create_fix_attempt(self.customer.api_key, self.attempt)

        self.expect.answer(created, 201, repo_name=self.attempt["repo_name"], **CREATED)
        self.expect.fix_attempts(self.customer, {"issue_number": 7, **CREATED})

    @step
    def duplicate(self) -> None:
        """The same pull request again is refused."""
        duplicate = self.staging.api.create_fix_attempt(self.customer.api_key, self.attempt)

        self.expect.answer(duplicate, 409)
        self.expect.fix_attempts(self.customer, CREATED)

    @step
    def bad_status(self) -> None:
        """A status that does not exist is refused, with the field's name."""
        attempt = {**self.attempt, "pr_number": 2, "status": "teleported"}

        refused = self.staging.api.create_fix_attempt(self.customer.api_key, attempt)

        self.expect.answer(refused, 422, errors={"status": SET})
        self.expect.fix_attempts(self.customer, CREATED)

    @step
    def without_a_key(self) -> None:
        """Without an API key nothing is recorded."""
        refused = self.staging.api.create_fix_attempt(None, {**self.attempt, "pr_number": 3})

        self.expect.answer(refused, 401)
        self.expect.fix_attempts(self.customer, CREATED)

    @step
    def no_credit(self) -> None:
        """A fix attempt costs nothing: only a deployed fix does."""
        self.expect.customer(self.customer, credit_balance=5)
        self.expect.ledger(self.customer, (+5, "trial_signup"))


WORKFLOW = Workflow("w16_fix_attempt", "A pull request is recorded once, with a known status", FixAttempt)
