"""What a mutant is: a clean file with one defect planted, and what a checker must say of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from staging_validation.dashboards.model import Dashboard, Panel
from staging_validation.lint.context import AlertsFile, DashboardFile
from staging_validation.lint.query import Query
from staging_validation.promql.known import KnownMetrics
from staging_validation.promql.tree import Span


@dataclass(frozen=True, eq=False)
class Control:
    """A clean file that operators change.

    Attributes:
        name: Its file name.
        document: Its content.
        read: What the checker reads out of it.
        tags: What it is, for operators that fit some files only: ``classic``, ``v1``, ``v2``, ``rules``; ``shipped``.
        known: The metrics that are known when it is checked.
        learned: Whether they were learned from an exposition, so that label values are open.
    """

    name: str
    document: Any
    read: DashboardFile | AlertsFile
    tags: frozenset[str]
    known: KnownMetrics
    learned: bool = False

    @cached_property
    def text(self) -> str:
        """The file's text."""
        return as_text(self.document)

    @property
    def dashboard(self) -> Dashboard:
        """The dashboard in it."""
        assert isinstance(self.read, DashboardFile)
        assert self.read.reading.dashboard is not None
        return self.read.reading.dashboard

    @property
    def rules(self) -> AlertsFile:
        """The rules in it."""
        assert isinstance(self.read, AlertsFile)
        return self.read

    @property
    def body(self) -> str:
        """Where the dashboard itself stands: empty, or ``/spec``."""
        return self.dashboard.body

    @property
    def queries(self) -> tuple[Query, ...]:
        """Its queries."""
        return self.read.queries

    def panels(self, *types: str) -> Iterator[Panel]:
        """Yield its panels of some types, without library panels."""
        for panel in self.dashboard.panels:
            if panel.library is None and (not types or panel.type in types):
                yield panel


@dataclass(frozen=True)
class Place:
    """Where a defect was planted.

    A finding is at the place when it points at ``pointer`` or below it; where the changed file has no such piece, at
    what directly holds it. With a ``mark`` its span must touch the mark and lie inside of ``within``.

    Attributes:
        pointer: The broken piece of the file.
        mark: The broken piece of the text that stands there.
        within: The smallest whole part of the text that the defect can be seen in.
        line: The line, where no pointer leads to the piece.
    """

    pointer: str = ""
    mark: Span | None = None
    within: Span | None = None
    line: int | None = None


@dataclass(frozen=True)
class Change:
    """What an operator makes of a control.

    Attributes:
        what: What was changed, in a few words; unique for the operator and the control.
        places: Where; any of them will do.
        document: The changed content; None where ``text`` is given.
        text: The changed text, where it is no document any more.
        more: Further files that are checked with it.
        name: The file's new name, where it has another.
    """

    what: str
    places: tuple[Place, ...]
    document: Any = None
    text: str | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


Make = Callable[[Control], Iterable[Change]]


@dataclass(frozen=True)
class Operator:
    """A way to break files.

    Attributes:
        name: Its name.
        defect: The defect class: ``D8``.
        rules: The rules that may find it; any of them will do.
        make: Yields the changes of a control.
        tags: The controls that it fits; one of these tags is enough.
        learned: Whether it fits controls whose metrics are learned, too.
    """

    name: str
    defect: str
    rules: frozenset[str]
    make: Make
    tags: frozenset[str]
    learned: bool = True

    def fits(self, control: Control) -> bool:
        """Return whether it fits a control."""
        return bool(self.tags & control.tags) and (self.learned or not control.learned)


@dataclass(frozen=True)
class Mutant:
    """A control with one defect.

    Attributes:
        id: Names it for good: operator, control, change.
        operator: What made it.
        control: The clean file.
        change: What was made of it.
    """

    id: str
    operator: Operator
    control: Control
    change: Change

    def files(self) -> dict[str, str]:
        """Return its files: texts by their names."""
        text = self.change.text if self.change.text is not None else as_text(self.change.document)
        return {self.change.name or self.control.name: text, **self.change.more}


DASHBOARDS = ("classic", "v1", "v2")
EVERYTHING = (*DASHBOARDS, "rules")


def operator(
    defect: str, *rules: str, on: Iterable[str] = DASHBOARDS, learned: bool = True
) -> Callable[[Make], Operator]:
    """Make an operator of a function; its name is the function's.

    Args:
        defect: The defect class.
        rules: The rules that may find it.
        on: The tags of the controls that it fits.
        learned: Whether it fits controls whose metrics are learned, too: it names no metric.
    """

    def made(function: Make) -> Operator:
        name = getattr(function, "__name__", "")
        return Operator(name, defect, frozenset(rules), function, frozenset(on), learned)

    return made


def mutants(control: Control, operators: Iterable[Operator]) -> Iterator[Mutant]:
    """Yield every mutant of a control.

    Raises:
        ValueError: Two have the same name, or one does not differ from its control.
    """
    seen: set[str] = set()
    for made_by in operators:
        if not made_by.fits(control):
            continue
        for change in made_by.make(control):
            mutant = Mutant(f"{made_by.name}/{control.name}/{change.what}", made_by, control, change)
            if mutant.id in seen or not _differs(change, control):
                raise ValueError(f"{mutant.id} is no mutant of its own")
            seen.add(mutant.id)
            yield mutant


def _differs(change: Change, control: Control) -> bool:
    if change.more:
        return True
    return change.text != control.text if change.text is not None else change.document != control.document


def as_text(document: Any) -> str:
    """Return a document as a file's text; JSON is YAML."""
    return json.dumps(document, indent=1, ensure_ascii=False)
