"""The Stripe objects of the customer states: made before a reset's transaction, swept after it.

Stripe takes no part in a database transaction. So a state's objects are made first, while the platform does not know
their customers and ignores their events; the transaction writes their ids into the rows; and when it has committed,
the objects of former runs, which no row names any more, are removed: customers by their metadata, test clocks, with
everything on them, by their names.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from staging_validation.clients.fixture_making import Made, StateMaker
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.clients.stripe_calls import AT_ONCE
from staging_validation.clients.stripe_removal import Removal, remove_all
from staging_validation.errors import GuardRefusedError
from staging_validation.fixtures import SeededObjects
from staging_validation.results import CheckResult
from staging_validation.stripe_objects import (
    FIXTURE,
    FoundObjects,
    is_leftover,
    is_leftover_clock,
    objects_result,
    plan_objects,
    sweep_result,
)

if TYPE_CHECKING:
    from staging_validation.fixtures import CustomerState

SPARED_SECONDS = 900.0
"""Younger objects of other runs are not swept: a reset that is under way elsewhere may be about to use them."""

SEARCHED_DAYS = 90
"""How far back the sweep looks for customers. A run sweeps what all runs before it left, so older leftovers are the
exception, and a staging account's whole list of customers may be long."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class SweepResult:
    """What the janitor did.

    Attributes:
        deleted: Ids of the customers and test clocks that it deleted.
        left: Why others could not be deleted, by id.
        results: One result: a warning where something was left.
    """

    deleted: tuple[str, ...]
    left: dict[str, str]
    results: tuple[CheckResult, ...]


def seed_objects(
    stripe: StripeApi, states: Sequence[CustomerState], *, run_id: str, now: int | None = None
) -> dict[str, SeededObjects]:
    """Make what the states need in Stripe: a customer each, a default card, and a subscription on a test clock.

    A subscription begins in the past, on a clock of its own, and time passes until the state is reached: up to the
    present moment, or until a renewal has failed. A second try of a run finds what the first one made. When anything
    fails, what was made is deleted again.

    Args:
        stripe: Stripe in test mode.
        states: The states.
        run_id: The run; part of every customer's metadata, and of every clock's name.
        now: The moment that current periods hold, in Unix seconds; the present one by default.

    Returns:
        The ids and periods by state key, in the states' order.

    Raises:
        GuardRefusedError: An object is not of test mode.
        DeadlineError: A test clock was not ready in time.
        ServiceError: Stripe cannot be asked, or refuses.
    """
    plans = plan_objects(states, run_id)
    names = {plan.subscription.clock_name for plan in plans if plan.subscription}
    clocks = (
        {str(clock["name"]): clock for clock in stripe.clocks.all() if clock["name"] in names}
        if names
        else {}
    )
    maker = StateMaker(stripe, now=int(time.time()) if now is None else now, clocks=clocks)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stripe") as pool:
        # What takes longest begins first: clocks.
        ordered = sorted(plans, key=lambda plan: plan.subscription is None)
        making = {plan.key: pool.submit(maker.make, plan) for plan in ordered}
        try:
            wait(making.values(), return_when=FIRST_EXCEPTION)
            _raise_first(making.values())
            return {plan.key: making[plan.key].result() for plan in plans}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            _take_back(stripe, maker.made)
            raise


def read_objects(stripe: StripeApi, seeded: Mapping[str, SeededObjects]) -> dict[str, FoundObjects]:
    """Return what Stripe shows of the states' objects, by state key.

    Args:
        stripe: Stripe in test mode.
        seeded: What :func:`seed_objects` returned.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: Stripe cannot be asked.
    """

    def read(objects: SeededObjects) -> FoundObjects:
        customer = stripe.customer(objects.customer_id)
        if (subscription_id := objects.subscription_id) is None:
            return FoundObjects(customer)
        subscription = stripe.find(lambda client: client.v1.subscriptions.retrieve(subscription_id))
        gone = customer is None or customer.get("deleted")
        return FoundObjects(
            customer,
            subscription=subscription,
            invoices=[] if gone else stripe.invoices(objects.customer_id),
            clock=stripe.clocks.clock(objects.test_clock_id) if objects.test_clock_id else None,
        )

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stripe") as pool:
        return dict(zip(seeded, pool.map(read, seeded.values()), strict=True))


def check_objects(
    stripe: StripeApi,
    states: Sequence[CustomerState],
    seeded: Mapping[str, SeededObjects],
    *,
    run_id: str,
    found: Mapping[str, FoundObjects] | None = None,
) -> list[CheckResult]:
    """Compare what Stripe shows with what the states need: customers, cards, subscriptions, invoices, clocks.

    Args:
        stripe: Stripe in test mode.
        states: The states.
        seeded: What :func:`seed_objects` returned.
        run_id: The run that made them.
        found: What :func:`read_objects` returned; read now by default.

    Returns:
        One result, ``reset.stripe.objects``.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: Stripe cannot be asked.
    """
    shown = read_objects(stripe, seeded) if found is None else found
    planned = plan_objects(states, run_id)
    return [objects_result(planned, seeded, shown, price_id=stripe.pro_price_id, now=int(time.time()))]


def sweep_objects(
    stripe: StripeApi,
    *,
    keep_run: str,
    spare_seconds: float = SPARED_SECONDS,
    searched_days: int = SEARCHED_DAYS,
) -> SweepResult:
    """Delete the customers and test clocks that other runs made for customer states, and nothing else.

    Call it when a reset has committed: from then on no row names the objects of a former run.

    Args:
        stripe: Stripe in test mode.
        keep_run: The run whose objects the rows name.
        spare_seconds: Objects of other runs that are younger are left to a later sweep.
        searched_days: How far back to look for customers, in days.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: The customers or the clocks cannot be listed.
    """
    now = int(time.time())
    # What was made in this very second shall be found where none is spared.
    made_before = now - int(spare_seconds) + 1
    listed = stripe.customers(FIXTURE, created_since=now - searched_days * 86_400, created_before=made_before)
    # The lists are read to their ends first: deleting would shift their pages.
    customers = [str(found["id"]) for found in listed if is_leftover(found, keep_run=keep_run)]
    clocks = [
        str(clock["id"])
        for clock in stripe.clocks.all()
        if is_leftover_clock(clock, keep_run=keep_run, made_before=made_before)
    ]
    left = _delete_all(stripe, Made(clocks, customers))
    deleted = tuple(each for each in (*customers, *clocks) if each not in left)
    return SweepResult(deleted, left, (sweep_result(deleted, left, keep_run=keep_run),))


def _raise_first(making: Collection[Future[SeededObjects]]) -> None:
    """Raise what went wrong; that an object is not of test mode comes before all else."""
    errors = [error for future in making if future.done() and (error := future.exception())]
    for error in sorted(errors, key=lambda error: not isinstance(error, GuardRefusedError)):
        raise error


def _take_back(stripe: StripeApi, made: Made) -> None:
    for identifier, reason in _delete_all(stripe, made).items():
        _LOG.warning("Stripe's %s is left for the next sweep: %s", identifier, reason)


def _delete_all(stripe: StripeApi, doomed: Made) -> dict[str, str]:
    """Delete clocks and customers by their ids; return why some are left, by id.

    Raises:
        GuardRefusedError: One of them is not of test mode.
    """
    return remove_all(
        [*_each(stripe.clocks.delete, doomed.clocks), *_each(stripe.delete_customer, doomed.customers)]
    )


def _each(remove: Callable[[str], None], identifiers: Iterable[str]) -> list[Removal]:
    return [(remove, identifier) for identifier in dict.fromkeys(identifiers)]
