"""The names that a run gives to what it makes, so that everything can be found and removed by its run."""

from __future__ import annotations

TEST_DOMAIN = "test.example.com"
"""The domain of the addresses; a reset removes every customer of it (platform contract)."""

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
