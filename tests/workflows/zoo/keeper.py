"""Switches one fault on, lets its workflow look, and judges what it says."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

import psycopg

from local_staging.faults.model import Fault, Notice
from local_staging.faults.switches import switched_on
from local_staging.faults.tables import rate
from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.polling import wait_for
from staging_validation.clients.staging_session import Patience, open_session
from staging_validation.clients.workflow_files import load_workflow
from staging_validation.workflows import run_workflow
from tests.workflows.shared import WORKFLOWS, RealStaging, told

HASTY = Patience(effect_seconds=1.0, quiet_seconds=0.2, interval_seconds=0.03)
"""What most faults are noticed with. Where an effect never comes, the whole wait is lost, so it is short."""

PATIENT = Patience(effect_seconds=10.0, quiet_seconds=0.5, interval_seconds=0.05)
"""For a second look at a fault that was not noticed as it should be: the machine may just be busy."""

DEMANDED = 39 / 40
"""The share of the faults that must be noticed."""


@dataclass(frozen=True)
class Verdict:
    """What became of a fault.

    Attributes:
        fault: The fault.
        instead: What its workflow said instead of the words that tell what is right: messages by results' ids.
    """

    fault: Fault
    instead: Mapping[str, str]

    @property
    def noticed(self) -> bool:
        """Whether its workflow noticed it, in the right words."""
        return self.fault.notice is not None and not self.instead


class Keeper:
    """Looks at each fault once, however often it is asked for.

    Args:
        staging: Where; service and sandbox run in this process.
    """

    def __init__(self, staging: RealStaging) -> None:
        self._staging = staging
        self._numbers = itertools.count(1)
        self._verdicts: dict[str, Verdict] = {}

    def look(self, fault: Fault) -> Verdict:
        """Return the verdict on a fault."""
        if fault.name not in self._verdicts:
            self._verdicts[fault.name] = Verdict(
                fault, self._instead(fault, fault.notice) if fault.notice else {}
            )
        return self._verdicts[fault.name]

    def told_by(self, workflow: str, patience: Patience = PATIENT) -> dict[str, str]:
        """Run a workflow, and return the messages of all its results that are not green, by their ids."""
        staging = self._staging
        with open_session(
            workflow,
            f"zoo-{next(self._numbers)}",
            api=staging.api,
            database=staging.database,
            stripe=staging.stripe,
            patience=patience,
        ) as session:
            return told(run_workflow(load_workflow(WORKFLOWS / f"{workflow}.py"), session))

    def _instead(self, fault: Fault, notice: Notice) -> dict[str, str]:
        """Return what a workflow says of a fault instead of what it should; nothing when it says that."""
        seen: dict[str, str] = {}
        for patience in (HASTY, PATIENT):
            with switched_on(fault.switch):
                seen = self.told_by(notice.workflow, patience)
            self._settle()
            if notice.is_in(seen):
                return {}
        return seen or {"(green)": "the workflow noticed nothing"}

    def _settle(self) -> None:
        """Wait until nothing of a fault is left: the worker lives, and its queue is empty."""
        api = BillingApi.from_settings(self._staging.api)
        with closing(api.http.session), psycopg.connect(self._staging.dsn, autocommit=True) as connection:
            wait_for(
                "the billing service to be well again",
                lambda: (api.health().status == 200 and _is_empty(connection)) or None,
                timeout_seconds=15,
                interval_seconds=0.02,
            )


def _is_empty(connection: psycopg.Connection[tuple[int]]) -> bool:
    return connection.execute("SELECT 1 FROM webhook_queue LIMIT 1").fetchone() is None


def summary(verdicts: Iterable[Verdict]) -> str:
    """Return the rate in one line, with the names of what was not noticed."""
    judged = list(verdicts)
    missed = [verdict.fault.name for verdict in judged if not verdict.noticed]
    noticed = len(judged) - len(missed)
    line = f"bug zoo: {noticed} of {len(judged)} faults noticed ({rate(noticed, len(judged))})"
    return f"{line}; not noticed: {', '.join(missed)}" if missed else line
