"""A workflow: a class whose methods are the steps, in the order in which they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from staging_validation.workflows.expectations import Expectations
from staging_validation.workflows.record import Record
from staging_validation.workflows.staging import Staging

_AnyScenario = TypeVar("_AnyScenario", bound="Scenario")
_ID = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class Step:
    """One step of a scenario.

    Attributes:
        name: The method's name; part of the ids of its results.
        title: What the step shows, as a sentence without its full stop.
        run: Does it.
        needs: What it cannot run without; see :class:`Workflow`.
    """

    name: str
    title: str
    run: Callable[[Any], None]
    needs: tuple[str, ...] = ()


def step(method: Callable[[_AnyScenario], None]) -> Step:
    """Make a method a step of its scenario; the first line of its docstring says what the step shows.

    Raises:
        ValueError: The method has no docstring.
    """
    lines = (method.__doc__ or "").strip().splitlines()
    if not lines:
        raise ValueError(f"step {method.__qualname__}: say in its docstring what it shows")
    return Step(method.__name__, lines[0].removesuffix("."), method)


def needing(*needs: str) -> Callable[[Step], Step]:
    """Say what a step needs that its workflow can do without; written above ``@step``."""
    return lambda marked: replace(marked, needs=needs)


class Scenario:
    """Base of all scenarios; what one step leaves for a later one is kept in attributes.

    Args:
        staging: The session to act on.
        record: Where the results of expectations go.

    Attributes:
        staging: The session: sign up, subscribe, send an event.
        expect: What must hold now.
        eventually: What must hold soon: awaited for a bounded time.
        still: What must hold now and stay so for a while: nothing happens.
    """

    def __init__(self, staging: Staging, record: Record) -> None:
        self.staging = staging
        self.expect = Expectations(staging, record, lambda read, _: read())
        self.eventually = Expectations(staging, record, staging.wait)
        self.still = Expectations(staging, record, staging.hold)


@dataclass(frozen=True)
class Workflow:
    """A billing workflow that the runner can run.

    Attributes:
        id: Its name, also its file's name without the ending: ``w01_signup``.
        title: What it proves, as a sentence without its full stop.
        scenario: Its steps.
        needs: Operations of the billing API without which it cannot run (``subscribe``, ``fix``, …),
            :data:`~staging_validation.workflows.staging.SEEDED_CUSTOMERS` or
            :data:`~staging_validation.workflows.staging.TEST_CLOCK`.
        independent: The steps do not build on each other: one that fails does not end the workflow.
        source: The file it was loaded from, as people know it.
    """

    id: str
    title: str
    scenario: type[Scenario]
    needs: tuple[str, ...] = ()
    source: str | None = None
    independent: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"workflow id {self.id!r}: use lower case letters, digits and underscores")
        if not self.steps:
            raise ValueError(f"workflow {self.id}: {self.scenario.__name__} has no method marked with @step")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in their order."""
        return tuple(member for member in vars(self.scenario).values() if isinstance(member, Step))

    def at(self, source: str) -> Workflow:
        """Return the workflow with the file it was loaded from."""
        return replace(self, source=source)
