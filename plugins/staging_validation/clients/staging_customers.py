"""The customers of a session: signed up under the run's names, and removed from Stripe at its end."""

from __future__ import annotations

from pydantic import JsonValue

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.polling import wait_for
from staging_validation.clients.staging_records import StagingRecords
from staging_validation.clients.staging_waiting import Patience
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import (
    CheckFailedError,
    DeadlineError,
    ServiceAnswerError,
    StagingValidationError,
)
from staging_validation.workflows.model import Answer, Customer
from staging_validation.workflows.naming import address_prefix


class SessionCustomers:
    """Signs customers up with addresses like ``w01-<run id>-<n>@test.example.com``, and remembers them.

    Args:
        workflow_id: The workflow.
        run_id: The run.
        api: The billing API.
        database: The rows of the staging database.
        stripe: Stripe in test mode.
        patience: How long to wait where onboarding has a limit.
        domain: The domain of the addresses.
    """

    def __init__(
        self,
        workflow_id: str,
        run_id: str,
        *,
        api: BillingApi,
        database: StagingRecords,
        stripe: StripeApi,
        patience: Patience,
        domain: str,
    ) -> None:
        self._name = f"Workflow {workflow_id} {run_id}"
        self._prefix = address_prefix(workflow_id, run_id)
        self._api = api
        self._database = database
        self._stripe = stripe
        self._patience = patience
        self._domain = domain
        self._made: dict[str, str | None] = {}
        self._next_number: int | None = None

    def onboard(self, *, source: str | None = None, test_clock: str | None = None) -> Answer:
        """Sign a new customer up; where onboarding has a limit, wait for it to pass.

        Args:
            source: Where the customer comes from.
            test_clock: The Stripe test clock that the Stripe customer shall live on.

        Returns:
            Whatever onboarding answered, but for 429.

        Raises:
            ServiceAnswerError: The limit of requests did not pass in time.
        """
        email = self._new_address()
        self._made[email] = None
        last: list[Answer] = []

        def attempt() -> Answer | None:
            last[:] = [
                self._api.onboard(name=self._name, email=email, source=source, stripe_test_clock=test_clock)
            ]
            return last[0] if last[0].status != 429 else None

        try:
            return wait_for(
                "the limit of onboarding requests to pass",
                attempt,
                timeout_seconds=self._patience.rate_limit_seconds,
                interval_seconds=self._patience.rate_limit_interval_seconds,
            )
        except DeadlineError as error:
            raise ServiceAnswerError(
                self._api.http.name,
                f"{last[0].request} answered 429 for {self._patience.rate_limit_seconds:g} s.",
                status=429,
                remedy="run fewer workflows at once, or raise staging's limit of onboarding requests",
            ) from error

    def signed_up(self, answer: Answer) -> Customer:
        """Return the customer that onboarding answered with.

        Raises:
            CheckFailedError: It answered anything but 201 with a customer and an API key.
            ServiceAnswerError: It could not sign anybody up: it broke, or Stripe gave it no answer.
        """
        sent = answer.sent if isinstance(answer.sent, dict) else {}
        email, clock = str(sent.get("email")), sent.get("stripe_test_clock")
        found, api_key = _customer_and_key(answer)
        if answer.status >= 500 or _provisioning_failed(answer):
            raise ServiceAnswerError(
                self._api.http.name,
                f"{answer.request} for {email} answered {answer.status} {dict(answer.fields)}.",
                status=answer.status,
                remedy="read the service's log, and check that it reaches Stripe and its database",
            )
        if answer.status != 201 or not isinstance(found, int) or not isinstance(api_key, str):
            raise CheckFailedError(
                f"{answer.request} for {email} answered {answer.status} {dict(answer.fields)}, expected 201 with a "
                "customer and an API key.",
                remedy="read the service's log; where it refuses test addresses, exempt them in staging",
            )
        row = self._database.customer(found)
        stored = row.get("stripe_customer_id") if row else None
        stripe_id = self._made[email] = stored if isinstance(stored, str) else None
        return Customer(found, email, api_key, stripe_id, answer, clock if isinstance(clock, str) else None)

    def remove(self) -> tuple[list[str], list[str]]:
        """Delete the Stripe customers of this session's customers, by their ids; a second call finds none.

        Returns:
            The ids of those deleted, and one sentence for each that could not be.
        """
        made, self._made = self._made, {}
        deleted: list[str] = []
        problems: list[str] = []
        for email, known in made.items():
            try:
                if stripe_id := known or self._database.stripe_customer_of(email):
                    self._stripe.delete_customer(stripe_id)
                    deleted.append(stripe_id)
            except StagingValidationError as error:  # noqa: PERF203 - each customer for itself
                name = known or "(its id could not be read)"
                problems.append(f"Stripe customer {name} of {email} is left: {error.message}")
        return deleted, problems

    def _new_address(self) -> str:
        if self._next_number is None:
            # A former try of the same run may have left addresses: they cannot be used twice.
            self._next_number = self._database.count_addresses(self._prefix) + 1
        number, self._next_number = self._next_number, self._next_number + 1
        return f"{self._prefix}{number}@{self._domain}"


def _provisioning_failed(answer: Answer) -> bool:
    """Say whether onboarding says that Stripe was away, or refused (platform contract, HTTP API)."""
    error = answer.fields.get("error")
    return answer.status == 400 and isinstance(error, dict) and error.get("code") == "PROVISIONING_FAILED"


def _customer_and_key(answer: Answer) -> tuple[JsonValue, JsonValue]:
    """Return the customer's id and the API key, as far as an onboarding answer holds them."""
    body = answer.body if isinstance(answer.body, dict) else {}
    customer = body.get("customer")
    return (customer.get("id") if isinstance(customer, dict) else None), body.get("api_key")
