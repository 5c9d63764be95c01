"""What the checks need of a dashboard: one model, whatever shape its file has.

Every part says where it stands in its own file, as a JSON pointer; names and values are those of Grafana's current
format (``onTimeRangeChanged``, not 2), so that a check need not know which format it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from staging_validation.dashboards.envelope import Envelope
from staging_validation.dashboards.model_panels import (
    Grid,
    LibraryRef,
    Override,
    Panel,
    Thresholds,
    Transformation,
)
from staging_validation.dashboards.model_queries import (
    ALL,
    EXPRESSION,
    PROMETHEUS,
    PROMETHEUS_TYPES,
    Annotation,
    DatasourceRef,
    Expression,
    Link,
    Target,
    TargetKind,
)
from staging_validation.dashboards.model_variables import Scope, Variable

__all__ = [
    "ALL",
    "EXPRESSION",
    "PROMETHEUS",
    "PROMETHEUS_TYPES",
    "Annotation",
    "Dashboard",
    "DatasourceRef",
    "Envelope",
    "Expression",
    "Grid",
    "LayoutItem",
    "LibraryRef",
    "Link",
    "Override",
    "Panel",
    "Scope",
    "Section",
    "Target",
    "TargetKind",
    "Thresholds",
    "Transformation",
    "Variable",
]


@dataclass(frozen=True, slots=True)
class Section:
    """A row or a tab.

    Attributes:
        kind: :attr:`Scope.ROW` or :attr:`Scope.TAB`.
        title: Its title.
        pointer: Where it stands.
        collapsed: Whether it is closed when the dashboard opens.
        repeat: The variable it is repeated for, where it is.
        parent: Where the row or tab stands that it is inside of; empty for none.
        holds: How many panels stand inside it in the file (for a classic row: in its ``panels``).
        grid: Where a classic row lies.
        id: A classic row's number.
    """

    kind: Scope
    title: str
    pointer: str
    collapsed: bool = False
    repeat: str | None = None
    parent: str = ""
    holds: int = 0
    grid: Grid | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class LayoutItem:
    """One place in a v2 layout.

    Attributes:
        element: The name of the element it shows.
        pointer: Where it stands.
        section: Where the row or tab stands that it is in; empty for none.
        grid: Where it lies; None in an auto grid.
        repeat: The variable it is repeated for, where it is.
    """

    element: str
    pointer: str
    section: str = ""
    grid: Grid | None = None
    repeat: str | None = None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard.

    Attributes:
        path: The file it came from, as messages name it.
        uid: Its id; empty where the file has none.
        title: Its title; empty where the file has none.
        panels: Its panels, those inside rows and tabs included, in the order in which they are shown.
        variables: The variables that hold in the whole dashboard, by name.
        time_from: Where its time range begins, for example ``now-24h``.
        time_to: Where its time range ends, for example ``now``.
        envelope: The shape of its file.
        api_version: The ``apiVersion`` of a Kubernetes-style resource; empty in other files.
        body: Where the dashboard itself stands in the file: empty, ``/dashboard`` or ``/spec``.
        schema_version: The version of the classic format, where it is told.
        uid_pointer: Where its id stands, or would stand.
        time_pointer: Where its time range stands.
        description: Its description.
        tags: Its tags.
        refresh: How often it asks again, for example ``30s``; empty for never.
        refresh_pointer: Where that stands.
        timezone: ``browser``, ``utc`` or the name of a zone; empty for the user's.
        folder: The folder that a Kubernetes-style resource names; empty for none.
        links: Its links.
        annotations: Its annotation queries.
        all_variables: All variables in the order of the file, those of rows and tabs included, and of several
            with one name all.
        inputs: The data sources that an exported file asks for when it is imported: their types by name.
        sections: Its rows and tabs, in the order of the file.
        layout: The places of a v2 layout.
        elements: The elements of a v2 dashboard: where each name stands.
        raw: The dashboard as it stands in the file.
    """

    path: str
    uid: str
    title: str
    panels: tuple[Panel, ...]
    variables: dict[str, Variable]
    time_from: str = "now-6h"
    time_to: str = "now"
    envelope: Envelope = Envelope.CLASSIC
    api_version: str = ""
    body: str = ""
    schema_version: int | None = None
    uid_pointer: str = "/uid"
    time_pointer: str = "/time"
    description: str = ""
    tags: tuple[str, ...] = ()
    refresh: str = ""
    refresh_pointer: str = "/refresh"
    timezone: str = ""
    folder: str = ""
    links: tuple[Link, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    all_variables: tuple[Variable, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    layout: tuple[LayoutItem, ...] = ()
    elements: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def sections_of(self, pointer: str) -> tuple[Section, ...]:
        """Return a row or tab and those that it is inside of, the innermost first."""
        known = {section.pointer: section for section in self.sections} if pointer else {}
        found = []
        while pointer in known:
            found.append(known.pop(pointer))
            pointer = found[-1].parent
        return tuple(found)

    def variables_of(self, panel: Panel | None) -> Mapping[str, Variable]:
        """Return the variables that a panel's queries may use: those of its row and tab hide the dashboard's."""
        if panel is None or not panel.section or len(self.variables) == len(self.all_variables):
            return self.variables
        inside = [section.pointer for section in self.sections_of(panel.section)]
        own = [variable for variable in self.all_variables if variable.section in inside]
        own.sort(key=lambda variable: inside.index(variable.section), reverse=True)
        return {**self.variables, **{variable.name: variable for variable in own}}

    def repeats_of(self, panel: Panel) -> frozenset[str]:
        """Return the variables of which each copy of a panel sees one value: it, its row or its tab repeats."""
        repeats = {panel.repeat, *(section.repeat for section in self.sections_of(panel.section))}
        return frozenset(name for name in repeats if name)

    def element_name(self, panel: Panel) -> str:
        """Return how a message names a panel: by its title, or by what else there is."""
        return panel.title or panel.element or f"panel {panel.id}"
