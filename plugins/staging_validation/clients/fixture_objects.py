"""The Stripe objects of the customer states: made before a reset's transaction, swept after it.

Stripe takes no part in a database transaction. So a state's objects are made first, while the platform does not know
their customers and ignores their events; the transaction writes their ids into the rows; and when it has committed,
the objects of former runs, which no row names any more, are removed by their metadata.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from staging_validation.clients.stripe_api import SERVICE, StripeApi
from staging_validation.errors import (
    GuardRefusedError,
    ServiceAnswerError,
    ServiceError,
    StagingValidationError,
)
from staging_validation.fixtures import SeededObjects
from staging_validation.results import CheckResult
from staging_validation.stripe_objects import (
    FIXTURE,
    PlannedObjects,
    is_leftover,
    objects_result,
    plan_objects,
    sweep_result,
)

if TYPE_CHECKING:
    from staging_validation.fixtures import CustomerState
    from staging_validation.workflows.model import Row

AT_ONCE = 4
"""Requests under way at a time. One takes a fifth of a second or more, so four stay below the 25 a second that
Stripe allows a sandbox account (Stripe documentation, rate limits)."""

SPARED_SECONDS = 900.0
"""Younger objects of other runs are not swept: a reset that is under way elsewhere may be about to use them."""

SEARCHED_DAYS = 90
"""How far back the sweep looks. A run sweeps what all runs before it left, so older leftovers are the exception,
and a staging account's whole list of customers may be long."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class SweepResult:
    """What the janitor did.

    Attributes:
        deleted: Ids of the customers that it deleted.
        left: Why others could not be deleted, by id.
        results: One result: a warning where something was left.
    """

    deleted: tuple[str, ...]
    left: dict[str, str]
    results: tuple[CheckResult, ...]


def seed_objects(
    stripe: StripeApi, states: Sequence[CustomerState], *, run_id: str
) -> dict[str, SeededObjects]:
    """Make what the states need in Stripe: a customer each, and a default card where the state has one.

    The idempotency keys derive from run and state, so a second try of a run finds what the first one made. When
    anything fails, what was made is deleted again.

    Args:
        stripe: Stripe in test mode.
        states: The states.
        run_id: The run; part of every customer's metadata.

    Returns:
        The ids by state key.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: Stripe cannot be asked, or refuses.
    """
    made: list[str] = []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stripe") as pool:
        seeding = {
            plan.key: pool.submit(_seed, stripe, plan, made.append) for plan in plan_objects(states, run_id)
        }
        try:
            wait(seeding.values(), return_when=FIRST_EXCEPTION)
            _raise_first(seeding.values())
            return {key: future.result() for key, future in seeding.items()}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            _take_back(stripe, made)
            raise


def check_objects(
    stripe: StripeApi,
    states: Sequence[CustomerState],
    seeded: dict[str, SeededObjects],
    *,
    run_id: str,
) -> list[CheckResult]:
    """Read the customers again and compare them with what the states need.

    Args:
        stripe: Stripe in test mode.
        states: The states.
        seeded: What :func:`seed_objects` returned.
        run_id: The run that made them.

    Returns:
        One result, ``reset.stripe.objects``.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: Stripe cannot be asked.
    """
    keys = list(seeded)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stripe") as pool:
        found = dict(
            zip(keys, pool.map(stripe.customer, [seeded[key].customer_id for key in keys]), strict=True)
        )
    return [objects_result(plan_objects(states, run_id), seeded, found)]


def sweep_objects(
    stripe: StripeApi,
    *,
    keep_run: str,
    spare_seconds: float = SPARED_SECONDS,
    searched_days: int = SEARCHED_DAYS,
) -> SweepResult:
    """Delete the customers that other runs made for customer states; whatever lacks their metadata is not touched.

    Call it when a reset has committed: from then on no row names the customers of a former run.

    Args:
        stripe: Stripe in test mode.
        keep_run: The run whose customers the rows name.
        spare_seconds: Customers of other runs that are younger are left to a later sweep.
        searched_days: How far back to look, in days.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: The customers cannot be listed.
    """
    now = int(time.time())
    listed = stripe.customers(
        FIXTURE,
        created_since=now - searched_days * 86_400,
        # A customer made in this very second shall be found where none is spared.
        created_before=now - int(spare_seconds) + 1,
    )
    # The list is read to its end first: deleting would shift its pages.
    leftovers = [str(customer["id"]) for customer in listed if is_leftover(customer, keep_run=keep_run)]
    left = dict(_delete_all(stripe, leftovers))
    deleted = tuple(customer_id for customer_id in leftovers if customer_id not in left)
    return SweepResult(deleted, left, (sweep_result(deleted, left, keep_run=keep_run),))


def _seed(stripe: StripeApi, plan: PlannedObjects, remember: Callable[[str], None]) -> SeededObjects:
    customer_id = str(_create_customer(stripe, plan, remember)["id"])
    if plan.payment_method is None:
        return SeededObjects(customer_id, None)
    # A retried state may have another customer than before: it is part of the keys.
    key = f"{plan.idempotency_key}-{customer_id}"
    card = stripe.attach_payment_method(plan.payment_method, customer_id, idempotency_key=f"{key}-attach")
    card_id = str(card["id"])
    stripe.set_default_payment_method(customer_id, card_id, idempotency_key=f"{key}-default")
    return SeededObjects(customer_id, card_id)


def _create_customer(stripe: StripeApi, plan: PlannedObjects, remember: Callable[[str], None]) -> Row:
    """Make a state's customer, or find the one that this run made before.

    Stripe repeats its first answer to a key for a day, also when the customer was deleted meanwhile and also when
    that answer was an error of its own (Stripe API reference, idempotent requests). Then one more key is used,
    which is new.
    """
    for key in (plan.idempotency_key, f"{plan.idempotency_key}-{uuid.uuid4().hex}"):
        try:
            made = stripe.create_customer(
                name=plan.name, email=plan.email, metadata=plan.metadata, idempotency_key=key
            )
        except ServiceAnswerError as error:
            if key != plan.idempotency_key or (error.status or 0) < 500:
                raise
            continue
        remember(str(made["id"]))
        found = stripe.customer(str(made["id"]))
        if found is not None and not found.get("deleted"):
            return found
    raise ServiceAnswerError(
        SERVICE,
        f"the customer for {plan.key} was made, and is gone at once.",
        remedy="find out who else deletes customers in this Stripe account",
    )


def _raise_first(seeding: Collection[Future[SeededObjects]]) -> None:
    """Raise what went wrong; that an object is not of test mode comes before all else."""
    errors = [error for future in seeding if future.done() and (error := future.exception())]
    for error in sorted(errors, key=lambda error: not isinstance(error, GuardRefusedError)):
        raise error


def _take_back(stripe: StripeApi, customer_ids: Iterable[str]) -> None:
    for customer_id, reason in _delete_all(stripe, list(dict.fromkeys(customer_ids))):
        _LOG.warning("Stripe customer %s is left for the next sweep: %s", customer_id, reason)


def _delete_all(stripe: StripeApi, customer_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Delete customers by their ids; yield those that are left, each with the reason.

    Raises:
        GuardRefusedError: One of them is not of test mode.
    """

    def delete(customer_id: str) -> StagingValidationError | None:
        try:
            stripe.delete_customer(customer_id)
        except ServiceError as error:
            return error
        return None

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stripe") as pool:
        for customer_id, error in zip(customer_ids, pool.map(delete, customer_ids), strict=True):
            if error is not None:
                yield customer_id, error.message
