"""What workflows and load runs leave in Stripe when they are killed: how it is told from everything else.

A run's objects carry its name: a test clock in the clock's own name; a Stripe customer, which the platform makes, in
the address and the name that the run signed the customer up with. Both have to fit; nothing else is ever touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from staging_validation.results import CheckResult, Kind, Severity
from staging_validation.workflows.model import Row
from staging_validation.workflows.naming import (
    CLOCK_PREFIX,
    TEST_DOMAIN,
    address_prefix,
    clock_run,
)

Stage = Literal["before", "after"]
"""When a run sweeps: before its workflows, or after them."""

CLOCK, CUSTOMER = "test clock", "customer"
"""The sorts of leftovers."""

FIXTURE_PURPOSE = "fixture-"
"""How the purpose of a clock begins that belongs to a customer state; those are swept with the states' objects."""

_NAME = re.compile(r"(?:Workflow (?P<workflow>[a-z0-9_]+)|Load) (?P<run>[a-z0-9-]+)(?: [0-9]+)?")
"""The names under which workflows and load runs sign customers up; the number is that of a try."""

_LOAD = "load"
_SHOWN_IDS = 20


@dataclass(frozen=True)
class Leftover:
    """An object of a run in Stripe.

    Attributes:
        sort: :data:`CLOCK` or :data:`CUSTOMER`.
        id: Its Stripe id.
        run: The run that made it.
        created: When it was made, in Unix seconds.
    """

    sort: str
    id: str
    run: str
    created: int

    def is_of(self, run_id: str) -> bool:
        """Say whether a run made it."""
        return self.run == run_id


def of_clocks(clocks: Iterable[Row]) -> Iterator[Leftover]:
    """Yield the test clocks that workflows made; those of customer states, and other people's, are left out."""
    for clock in clocks:
        name = str(clock.get("name") or "")
        run = clock_run(name)
        purpose = name.removeprefix(CLOCK_PREFIX).partition(" ")[2]
        if run and purpose and not purpose.startswith(FIXTURE_PURPOSE):
            yield _leftover(CLOCK, clock, run)


def of_customers(customers: Iterable[Row]) -> Iterator[Leftover]:
    """Yield the customers that workflows and load runs signed up, told by address and name."""
    for customer in customers:
        if run := _customer_run(str(customer.get("name") or ""), str(customer.get("email") or "")):
            yield _leftover(CUSTOMER, customer, run)


def due(
    found: Iterable[Leftover], *, run_id: str, now: int, spare_seconds: float, stage: Stage
) -> list[Leftover]:
    """Return what may be removed: what other runs made long enough ago and, after its workflows, all of this run.

    Args:
        found: What there is.
        run_id: The run whose workflows are over.
        now: The present moment, in Unix seconds.
        spare_seconds: Younger objects of other runs are spared: such a run may be under way.
        stage: Whether this run's workflows are to come, or over.
    """
    return [
        leftover
        for leftover in found
        if (stage == "after" if leftover.is_of(run_id) else leftover.created <= now - spare_seconds)
    ]


def leftovers_result(
    deleted: Sequence[Leftover],
    left: Mapping[str, str],
    *,
    run_id: str,
    stage: Stage,
    duration_seconds: float = 0.0,
) -> CheckResult:
    """Say what was removed; what could not be removed is a warning.

    Args:
        deleted: What is gone.
        left: Why others are still there, by id.
        run_id: The run.
        stage: Whether this run's workflows are to come, or over.
        duration_seconds: How long it took.
    """
    own = [leftover for leftover in deleted if leftover.is_of(run_id)]
    others = [leftover for leftover in deleted if not leftover.is_of(run_id)]
    return CheckResult.compare(
        id=f"workflow.leftovers.{stage}",
        kind=Kind.WORKFLOW,
        subject="what killed runs left in Stripe" if stage == "before" else "what workflows left in Stripe",
        severity=Severity.WARNING,
        expected=[],
        actual=sorted(left),
        evidence={
            "deleted_of_this_run": _counted(own),
            "deleted_of_former_runs": _counted(others),
            "left": dict(left),
        },
        remedy="nothing is in the way; the next run tries again" if left else None,
        duration_seconds=duration_seconds,
    )


def _customer_run(name: str, email: str) -> str | None:
    if not (found := _NAME.fullmatch(name)):
        return None
    prefix = address_prefix(found["workflow"] or _LOAD, found["run"])
    number, _, domain = email.removeprefix(prefix).partition("@")
    fits = email.startswith(prefix) and number.isdecimal() and number.isascii() and domain == TEST_DOMAIN
    return found["run"] if fits else None


def _leftover(sort: str, found: Row, run: str) -> Leftover:
    return Leftover(sort, str(found["id"]), run, int(str(found["created"])))


def _counted(leftovers: Sequence[Leftover]) -> JsonValue:
    """Return how many of each sort there are, the runs that made them, and the first ids."""
    if not leftovers:
        return None
    return {
        "test_clocks": sum(leftover.sort == CLOCK for leftover in leftovers),
        "customers": sum(leftover.sort == CUSTOMER for leftover in leftovers),
        "runs": list(sorted({leftover.run for leftover in leftovers})[:_SHOWN_IDS]),
        "ids": [leftover.id for leftover in leftovers[:_SHOWN_IDS]],
    }
