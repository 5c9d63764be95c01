"""A library panel's queries stand in another place: where that is not among the files, they are not checked."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Envelope, Panel
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    library = panel.library
    if library is None or panel.targets:
        return
    if context.dashboard is not None and context.dashboard.envelope is Envelope.LIBRARY_PANEL:
        return
    given = (found.uid for _, found in context.files.dashboards() if found.envelope is Envelope.LIBRARY_PANEL)
    if library.uid and library.uid in given:
        return
    name = library.name or library.uid or "without a name"
    yield Fault(
        f"The panel is a copy of the library panel {name}, whose queries stand elsewhere: they are not checked, and "
        "the panel is empty where Grafana has no such library panel.",
        "check the library panel's own file too, as Grafana's API returns it (/api/library-elements)",
        pointer=library.pointer,
        evidence={"uid": library.uid, "name": library.name},
    )


RULE = Rule(
    id="library-panel-unresolved",
    summary="A library panel is not among the files, so its queries are not checked.",
    severity=Severity.INFO,
    subject=Panel,
    check=_check,
    classes=("B12",),
)
