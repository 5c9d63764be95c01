"""The janitor of the workflows: removes what this run and older, killed ones left in Stripe."""

from __future__ import annotations

import time
from dataclasses import dataclass

from staging_validation.clients.stripe_api import StripeApi
from staging_validation.clients.stripe_removal import remove_all
from staging_validation.results import CheckResult
from staging_validation.workflows.leftovers import (
    CLOCK,
    Leftover,
    Stage,
    due,
    leftovers_result,
    of_clocks,
    of_customers,
)

SPARED_SECONDS = 3600.0
"""Younger objects of other runs are left to a later sweep. No run takes longer (the DAGs' timeout), so what is older
belongs to nobody any more."""

SEARCHED_DAYS = 90
"""How far back customers are listed. A run sweeps what all before it left, so older leftovers are the exception; Stripe
itself deletes test clocks after thirty days (Stripe documentation, "Test clocks")."""


@dataclass(frozen=True)
class SweptLeftovers:
    """What the janitor did.

    Attributes:
        deleted: What it removed.
        left: Why others could not be removed, by id.
        results: One result: a warning where something was left.
    """

    deleted: tuple[Leftover, ...]
    left: dict[str, str]
    results: tuple[CheckResult, ...]


def sweep_run_leftovers(
    stripe: StripeApi,
    *,
    run_id: str,
    spare_seconds: float = SPARED_SECONDS,
    stage: Stage = "after",
    searched_days: int = SEARCHED_DAYS,
) -> SweptLeftovers:
    """Delete the test clocks and customers that workflows and load runs left; nothing else is touched.

    With a clock everything that lives on it goes. Stripe's listing of customers leaves those on clocks out.

    Args:
        stripe: Stripe in test mode.
        run_id: The run.
        spare_seconds: Objects of other runs that are younger are left to a later sweep; 0 spares none.
        stage: ``before`` this run's workflows: what it made itself is left alone. ``after`` them, when nobody needs
            their invoices any more: what it made goes, whatever its age.
        searched_days: How far back customers are listed, in days.

    Raises:
        GuardRefusedError: An object is not of test mode.
        ServiceError: Stripe cannot be asked.
    """
    began, now = time.monotonic(), int(time.time())
    # The lists are read to their ends first: deleting would shift their pages.
    listed = stripe.customers({}, created_since=now - searched_days * 86_400, created_before=now + 1)
    found = [*of_clocks(stripe.clocks.all()), *of_customers(listed)]
    leftovers = due(found, run_id=run_id, now=now, spare_seconds=spare_seconds, stage=stage)
    left = remove_all(
        (stripe.clocks.delete if leftover.sort == CLOCK else stripe.delete_customer, leftover.id)
        for leftover in leftovers
    )
    deleted = tuple(leftover for leftover in leftovers if leftover.id not in left)
    result = leftovers_result(
        deleted, left, run_id=run_id, stage=stage, duration_seconds=time.monotonic() - began
    )
    return SweptLeftovers(deleted, left, (result,))
