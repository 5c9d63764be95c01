"""The names that a run gives to what it makes, so that everything can be found and removed by its run."""

from __future__ import annotations

TEST_DOMAIN = "test.example.com"
"""The domain of the addresses; a reset removes every customer of it (platform contract)."""

CLOCK_PREFIX = "staging-validation "
"""How the name of every Stripe test clock of ours begins; no other clock is ever deleted."""

_RUN_ID_LENGTH = 48
"""Longest part of a run id in an address: what stands before the @ may have 64 characters (RFC 5321)."""


def address_prefix(workflow_id: str, run_id: str) -> str:
    """Return how the addresses of a workflow's customers begin: ``w01-<run id>-``."""
    return f"{workflow_id.partition('_')[0]}-{run_id[:_RUN_ID_LENGTH]}-"


def event_name(workflow_id: str, run_id: str, customer_id: int, number: int) -> str:
    """Return the part after ``evt_`` or ``in_`` of a made event's ids.

    Event ids outlive the customers in staging's database and count once for ever, so the customer's id keeps the
    names of two tries of one run apart.
    """
    return f"{workflow_id}_{run_id}_{customer_id}_{number}".replace("-", "_")


def clock_name(purpose: str, run_id: str) -> str:
    """Return the name of a Stripe test clock: ``staging-validation <run id> <purpose>``.

    Clocks carry no metadata, so their names say whose they are.

    Args:
        purpose: What it is for: a workflow's id, or ``fixture-<state>``.
        run_id: The run.
    """
    return f"{CLOCK_PREFIX}{run_id} {purpose}"


def clock_run(name: str) -> str | None:
    """Return the run that a clock of this name was made by; None for a clock that is not ours."""
    if not name.startswith(CLOCK_PREFIX):
        return None
    return name.removeprefix(CLOCK_PREFIX).partition(" ")[0] or None
