"""A whole staging of one's own for the billing campaign, and an independent look at what is left in it.

The look asks the sandbox, the database and the Pushgateway directly: the janitors that it judges have no part in it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from campaigns.common import PROJECT
from local_staging.stack.cache import default_cache_dir
from local_staging.stack.launch import Launch
from local_staging.stack.settings import LocalSettings
from local_staging.stack.stack import Stack
from staging_validation.clients.connections import (
    PUSHGATEWAY,
    STAGING_POSTGRES,
    STRIPE,
    ConnectionSettings,
)
from staging_validation.clients.postgres import connect, fetch

_TIMEOUT_SECONDS = 20.0
_TEST_CUSTOMERS = """
    SELECT email FROM customers WHERE email ILIKE '%%@test.example.com' OR email ILIKE '%%@example.com' ORDER BY email
"""


@dataclass(frozen=True)
class Place:
    """A staging of one's own.

    Attributes:
        connections: The connections of its parts, by id.
        environment: The same as ``AIRFLOW_CONN_…`` variables, for another process.
    """

    connections: Mapping[str, ConnectionSettings]
    environment: Mapping[str, str]

    def clocks(self) -> list[dict[str, Any]]:
        """Return all test clocks."""
        return list(self._stripe("/v1/test_helpers/test_clocks"))

    def customers(self) -> list[dict[str, Any]]:
        """Return all Stripe customers, those on clocks too, which the plain listing leaves out."""
        on_clocks = [
            customer
            for clock in self.clocks()
            for customer in self._stripe("/v1/customers", test_clock=clock["id"])
        ]
        return [*self._stripe("/v1/customers"), *on_clocks]

    def rows(self) -> list[str]:
        """Return the addresses of all customers in the test domains."""
        with closing(connect(self.connections[STAGING_POSTGRES])) as connection:
            return [str(email) for (email,) in fetch(connection, _TEST_CUSTOMERS)]

    def groups(self) -> list[str]:
        """Return the runs whose groups the Pushgateway holds."""
        answer = requests.get(
            f"{self.connections[PUSHGATEWAY].base_url}/api/v1/metrics", timeout=_TIMEOUT_SECONDS
        )
        answer.raise_for_status()
        return [
            str(group["labels"].get("validation_run", group["labels"])) for group in answer.json()["data"]
        ]

    def left(self, run_id: str, *, fixtures: int = 10) -> list[str]:
        """Return what is left after a run, one sentence for each thing.

        A finished run leaves the ten test customers, in Stripe with their clocks and in the database, and in the
        database the rows of its own workflows' customers, which the next reset removes.

        Args:
            run_id: The last run.
            fixtures: How many test customers there are.
        """
        clocks = [clock for clock in self.clocks() if not _of_fixture(clock["name"] or "", run_id)]
        customers = self.customers()
        strangers = [one for one in customers if one["metadata"].get("validation_run") != run_id]
        own = f"-{run_id}-"
        rows = [email for email in self.rows() if own not in email]
        found = [f"Stripe test clock {clock['id']} ({clock['name']})" for clock in clocks]
        found += [f"Stripe customer {one['id']} ({one['email']})" for one in strangers]
        found += [f"group of {run} on the Pushgateway" for run in self.groups()]
        if len(customers) - len(strangers) != fixtures:
            found.append(
                f"{len(customers) - len(strangers)} Stripe customers of the last reset, not {fixtures}"
            )
        if len(rows) != fixtures:
            found.append(f"{len(rows)} customers of no workflow of the last run, not {fixtures}: {rows[:20]}")
        return found

    def of_run(self, run_id: str) -> list[str]:
        """Return what there is of one run, one name for each thing."""
        clocks = [clock["id"] for clock in self.clocks() if f" {run_id} " in (clock["name"] or "")]
        own = f"-{run_id}-"
        customers = [
            one["id"]
            for one in self.customers()
            if own in (one["email"] or "") or one["metadata"].get("validation_run") == run_id
        ]
        rows = [email for email in self.rows() if own in email]
        return [*clocks, *customers, *rows, *(group for group in self.groups() if group == run_id)]

    def _stripe(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        settings = self.connections[STRIPE]
        more: dict[str, str] | None = {}
        while more is not None:
            answer = requests.get(
                f"{settings.host}{path}",
                params={**query, **more, "limit": "100"},
                auth=(settings.secret or "", ""),
                timeout=_TIMEOUT_SECONDS,
            )
            answer.raise_for_status()
            page = answer.json()
            yield from page["data"]
            more = {"starting_after": page["data"][-1]["id"]} if page["has_more"] else None


@contextmanager
def private_staging() -> Iterator[Place]:
    """Start all parts in a temporary folder, each a process of its own; nothing is left at the end.

    Raises:
        StagingValidationError: A part is not to be had, or did not start.
    """
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "COVERAGE_"))
    }
    settings = LocalSettings.load(PROJECT / "airflow_settings.yaml", environ)
    with (
        tempfile.TemporaryDirectory(prefix="staging-validation-campaign-") as folder,
        Launch(Path(folder), cache_dir=default_cache_dir(environ), purpose="the billing campaign") as launch,
    ):
        stack = Stack(launch, root=PROJECT, settings=settings, environ=environ)
        # A Ctrl-C between a program's start and its bookkeeping would leave the program running.
        with launch.interruption.listening():
            stack.start()
        launch.interruption.check()
        connections = {name: value for name, value in stack.environment().items() if "_CONN_" in name}
        yield Place(stack.connections(), connections)


def _of_fixture(clock: str, run_id: str) -> bool:
    return f" {run_id} fixture-" in clock
