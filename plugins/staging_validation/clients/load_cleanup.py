"""Removes what the load made in Stripe's stand-in; the customers of the database are the next reset's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from staging_validation.clients.stripe_removal import remove_all
from staging_validation.load.profile import WORKFLOW
from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.workflows.naming import address_prefix

if TYPE_CHECKING:
    from staging_validation.clients.stripe_api import StripeApi

_LONGEST_SECONDS = 240.0
_NAMED = 10
_FAR_AHEAD_SECONDS = 3600


def remove_stripe_customers(
    stripe: StripeApi, *, run_id: str, created_since: int, longest_seconds: float = _LONGEST_SECONDS
) -> CheckResult:
    """Delete the Stripe customers that a run's load made, several at once, by their ids.

    They are found in Stripe itself, by the run's addresses: a sign-up that failed half way is not in the database.

    Args:
        stripe: The stand-in for Stripe.
        run_id: The run.
        created_since: When the run began, in Unix seconds.
        longest_seconds: After this long no further one is begun.

    Returns:
        Passed when none is left, else errored, so that it is tried again.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: Stripe does not list its customers.
    """
    prefix = address_prefix(WORKFLOW, run_id)
    ids = _made_by(stripe, prefix, created_since)
    left = remove_all(((stripe.delete_customer, each) for each in ids), longest_seconds=longest_seconds)
    return _result(prefix, ids, [f"{each}: {reason}" for each, reason in left.items()])


def _made_by(stripe: StripeApi, prefix: str, created_since: int) -> list[str]:
    before = int(time.time()) + _FAR_AHEAD_SECONDS
    found = stripe.customers({}, created_since=created_since, created_before=before)
    return [str(customer["id"]) for customer in found if str(customer.get("email") or "").startswith(prefix)]


def _result(prefix: str, ids: Sequence[str], left: Sequence[str]) -> CheckResult:
    return CheckResult(
        id="load.clean_up",
        kind=Kind.LOAD,
        subject="Stripe customers of the load",
        outcome=Outcome.ERRORED if left else Outcome.PASSED,
        expected="none is left",
        actual=f"{len(left)} of {len(ids)} are left: {left[0]}" if left else f"{len(ids)} deleted",
        evidence={"addresses": f"{prefix}…", "left": [*left[:_NAMED]]},
        remedy="delete them by their ids, or let a later run's janitor do it" if left else None,
    )
