"""Whom the load may be put on: never on Stripe itself, and on no platform that makes its customers there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from staging_validation.clients.connections import STRIPE
from staging_validation.errors import CheckFailedError, GuardRefusedError
from staging_validation.load.profile import WORKFLOW
from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.workflows.naming import TEST_DOMAIN, address_prefix

if TYPE_CHECKING:
    from staging_validation.clients.billing_api import BillingApi
    from staging_validation.clients.connections import ConnectionSettings
    from staging_validation.clients.load_records import LoadRecords
    from staging_validation.clients.stripe_api import StripeApi

_NUMBERS_OF_A_TRY = 100_000
STRICT_NUMBER = 90_000
"""Where the numbers of the customers begin that the check of the limits signs up."""

_REMEDY = (
    "load is for a staging whose platform talks to a stand-in for Stripe: name the stand-in's address as the host of "
    "the connection stripe_default, and give the platform the same (the local staging does both)"
)


def refuse_stripe_itself(settings: ConnectionSettings) -> None:
    """Refuse when the connection ``stripe_default`` is Stripe itself: a sign-up makes a Stripe customer.

    Stripe allows a sandbox account 25 requests a second for everybody together, and asks not to test load in test
    mode (Stripe documentation, rate limits).

    Raises:
        GuardRefusedError: It is.
    """
    host = (urlsplit(settings.base_url).hostname or "") if settings.host else ""
    if not host or host == "stripe.com" or host.endswith(".stripe.com"):
        raise GuardRefusedError(
            f"The connection {STRIPE} is Stripe itself ({host or 'it names no host'}), and no load is ever put on "
            "Stripe.",
            remedy=_REMEDY,
        )


def addresses(run_id: str, attempt: int, numbers: Sequence[int]) -> list[str]:
    """Return addresses of a run's customers: ``load-<run id>-<n>@test.example.com``, which the next reset removes.

    Args:
        run_id: The run.
        attempt: Which try of the run's task it is, from 1: a second one cannot use the addresses of the first.
        numbers: Numbers below 100,000.
    """
    prefix = address_prefix(WORKFLOW, run_id)
    return [f"{prefix}{attempt * _NUMBERS_OF_A_TRY + number}@{TEST_DOMAIN}" for number in numbers]


def check_target(
    api: BillingApi, records: LoadRecords, stripe: StripeApi, *, run_id: str, attempt: int
) -> CheckResult:
    """Sign one customer up, and see that the platform made its Stripe customer where ``stripe_default`` points.

    Args:
        api: The billing API.
        records: The staging database.
        stripe: The stand-in for Stripe.
        run_id: The run.
        attempt: Which try it is, from 1.

    Raises:
        CheckFailedError: The sign-up was not accepted, or is not in the database.
        GuardRefusedError: The Stripe customer is somewhere else.
        ServiceError: One of them does not answer.
    """
    (email,) = addresses(run_id, attempt, [_NUMBERS_OF_A_TRY - 1])
    answer = api.onboard(name=f"Load {run_id}", email=email)
    if answer.status != 201:
        raise CheckFailedError(
            f"{answer.request} for {email} answered {answer.status} {dict(answer.fields)}, expected 201.",
            remedy="read the service's log; where it limits or refuses test addresses, exempt them in staging",
        )
    members = records.members([email])
    if not members:
        raise CheckFailedError(
            f"{email} was signed up, and the staging database holds no such customer with a Stripe customer.",
            remedy="see that the connections staging_api and staging_postgres belong to the same staging",
        )
    stripe_id = members[0].stripe_id
    if stripe.customer(stripe_id) is None:
        raise GuardRefusedError(
            f"The platform made the Stripe customer {stripe_id}, and the Stripe of {STRIPE} knows none of that id: the "
            "platform talks to another Stripe. Nothing but this one customer was made.",
            remedy=_REMEDY,
        )
    return CheckResult(
        id="load.target",
        kind=Kind.LOAD,
        subject="the Stripe that the platform talks to",
        outcome=Outcome.PASSED,
        expected=f"the one that the connection {STRIPE} names, and not Stripe itself",
        actual="it is: a customer that the platform made is there",
        evidence={"stripe_customer": stripe_id, "email": email},
    )
