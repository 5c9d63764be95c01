"""``reset``: the staging data back to the known customers, without Airflow, behind the same guard."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from staging_validation.cli_commands.configuration import configuration
from staging_validation.cli_commands.guard import print_evidence
from staging_validation.clients.connections import STAGING_POSTGRES, STRIPE, ConnectionSettings
from staging_validation.clients.guarding import guard, require_connections
from staging_validation.errors import StagingValidationError
from staging_validation.results import CheckResult, RunResults
from staging_validation.results.outcomes import Outcome, worst
from staging_validation.run_id import validation_run_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from staging_validation.fixtures import CustomerState

    Confirm = Callable[[psycopg.Connection[Any]], None]

_APPLICATION = "staging-validation reset"
_PLAIN_WIDTH = 140


@dataclass(frozen=True)
class _Done:
    """What a plan or a reset came to.

    Attributes:
        title: What it was.
        value: The plan, or the summary, as JSON values.
        results: Its results.
    """

    title: str
    value: Mapping[str, Any] = field(default_factory=dict)
    results: Sequence[CheckResult] = ()


def reset(*, plan: bool, max_customers: int, as_json: bool = False, settings_file: Path | None = None) -> int:
    """Delete the test customers and seed the known ones; or only say what would be deleted.

    The whole reset: the states' objects in Stripe are made first, the transaction follows, then the customers are
    read again, and what former resets left in Stripe is swept.

    Args:
        plan: Only say what a reset would do; nothing is changed, neither in the database nor in Stripe.
        max_customers: More test customers than this are not deleted but reported.
        as_json: Print one JSON object, and nothing else.
        settings_file: The connections; ``airflow_settings.yaml`` of the project by default. ``AIRFLOW_CONN_…``
            variables come first.

    Returns:
        The exit status: 0 passed, 1 a check failed, 2 something could not be asked, 3 the guard refused.

    Raises:
        ConfigurationError: A connection that is needed is missing, or a file cannot be read.
    """
    from staging_validation.clients.reset_files import read_customer_states

    console = Console() if sys.stdout.isatty() else Console(width=max(Console().width, _PLAIN_WIDTH))
    began = datetime.now(timezone.utc)
    run_id = validation_run_id("staging_reset", f"command line {began.isoformat()} {os.getpid()}")
    states = read_customer_states()
    connections, declared = configuration(settings_file)
    require_connections(connections)
    report = guard(connections, declared=declared)
    if report.verdict.outcome is not Outcome.PASSED:
        if as_json:
            _print_json(console, run_id, _Done("guard", results=report.results))
        else:
            print_evidence(console, report)
        outcome, reasons = report.verdict.outcome.value, "; ".join(report.verdict.reasons)
        sys.stderr.write(f"staging-validation: nothing was changed, the guard {outcome}: {reasons}\n")
        return report.verdict.outcome.exit_status
    from staging_validation.clients.environment import confirm_target

    confirm = partial(confirm_target, seen=report.sighting)
    try:
        if plan:
            done = _plan(connections, states, confirm, max_customers)
        else:
            done = _reset(connections, states, confirm, max_customers, run_id)
    except StagingValidationError as error:
        if as_json:
            _print_json(console, run_id, _Done("error", {"error": error.message, "remedy": error.remedy}))
        sys.stderr.write(f"staging-validation: {error}\n")
        return error.outcome.exit_status
    if as_json:
        _print_json(console, run_id, done)
    else:
        _print(console, run_id, began, done)
    return worst(result.counts_as for result in done.results).exit_status


def _plan(
    connections: Mapping[str, ConnectionSettings],
    states: Sequence[CustomerState],
    confirm: Confirm,
    max_customers: int,
) -> _Done:
    from staging_validation.clients.postgres import connect
    from staging_validation.clients.reset import plan_staging

    with closing(connect(connections[STAGING_POSTGRES], application_name=_APPLICATION)) as connection:
        plan = plan_staging(connection, states, confirm=confirm, max_customers=max_customers)
    return _Done("Plan of a reset (nothing was changed)", plan.as_json(), plan.results)


def _reset(
    connections: Mapping[str, ConnectionSettings],
    states: Sequence[CustomerState],
    confirm: Confirm,
    max_customers: int,
    run_id: str,
) -> _Done:
    from staging_validation.clients.fixture_objects import (
        check_objects,
        read_objects,
        seed_objects,
        sweep_objects,
    )
    from staging_validation.clients.fixture_settling import settle_objects
    from staging_validation.clients.postgres import connect
    from staging_validation.clients.reset import plan_staging, reset_staging, verify_states
    from staging_validation.clients.reset_results import require_allowed
    from staging_validation.clients.stripe_api import StripeApi

    with closing(connect(connections[STAGING_POSTGRES], application_name=_APPLICATION)) as connection:
        # A reset that its own plan forbids makes nothing in Stripe either.
        require_allowed(
            plan_staging(connection, states, confirm=confirm, max_customers=max_customers).results
        )
        stripe = StripeApi.from_settings(connections[STRIPE])
        objects = seed_objects(stripe, states, run_id=run_id)
        found = read_objects(stripe, objects)
        made = [
            *check_objects(stripe, states, objects, run_id=run_id, found=found),
            *settle_objects(stripe, connection, objects, found=found),
        ]
        if worst(result.counts_as for result in made) is not Outcome.PASSED:
            return _Done("Stripe objects (the database was not touched)", results=made)
        summary = reset_staging(
            connection,
            states,
            confirm=confirm,
            now=datetime.now(timezone.utc),
            max_customers=max_customers,
            stripe=objects,
        )
        verified = verify_states(connection, states, stage="after_commit", stripe=objects)
    swept = sweep_objects(stripe, keep_run=run_id)
    return _Done("Reset", summary.as_json(), [*made, *summary.results, *verified, *swept.results])


def _print_json(console: Console, run_id: str, done: _Done) -> None:
    results = [result.model_dump(mode="json") for result in done.results]
    console.print_json(json.dumps({"run_id": run_id, **done.value, "results": results}))


def _print(console: Console, run_id: str, began: datetime, done: _Done) -> None:
    from staging_validation.reporting import results_table, summary_line

    now = datetime.now(timezone.utc)
    results = RunResults.gather(run_id, done.results, started_at=began, finished_at=now)
    if done.value:
        console.print(_rows_table(done))
    console.print(results_table(results))
    console.print(summary_line(results), markup=False, soft_wrap=True)


def _rows_table(done: _Done) -> Table:
    """Lay out what goes, what stays without its reference, and what is seeded, by table."""
    table = Table(title=done.title, title_justify="left")
    for heading in ("Table", "Deleted", "Kept, without the reference", "Seeded"):
        table.add_column(heading, justify="left" if heading == "Table" else "right", overflow="fold")
    deleted, detached = done.value["deleted"], done.value.get("detached", {})
    for name in dict.fromkeys(["customers", *deleted, *detached]):
        seeded = done.value["created"] if name == "customers" else None
        cells = (deleted.get(name, 0), detached.get(name), seeded)
        table.add_row(name, *("" if cell is None else f"{cell:,}" for cell in cells))
    return table
