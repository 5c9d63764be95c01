"""Copies panels and forgets to change what must differ (classes A8, D27)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from staging_validation.dashboards.model import Panel, TargetKind
from tests.lint.mutation.documents import append, look, put
from tests.lint.mutation.mutant import Change, Control, Place, operator

_ID = 700


def _asking(control: Control) -> Iterator[Panel]:
    for panel in control.panels("timeseries", "stat", "gauge", "table"):
        asked = panel.targets and all(target.kind is TargetKind.PROMQL for target in panel.targets)
        if asked and not panel.nested and not panel.repeat:
            yield panel


def _copied(control: Control, panel: Panel) -> tuple[dict[str, Any], str]:
    """Return a copy of a classic panel below all others, and where it will stand."""
    pointer = f"{control.body}/panels"
    copied = copy.deepcopy(look(control.document, panel.pointer))
    copied["gridPos"]["y"] = 500
    return copied, f"{pointer}/{len(look(control.document, pointer))}"


@operator("D27", "duplicate-query", on=("classic", "v1"))
def panel_twice(control: Control) -> Iterator[Change]:
    """A panel asks what another one asks."""
    for panel in _asking(control):
        copied, place = _copied(control, panel)
        changed = append(
            control.document, f"{control.body}/panels", {**copied, "id": _ID, "title": "Another Title"}
        )
        yield Change(f"panel {panel.id}", (Place(place), Place(panel.pointer)), changed)


@operator("D27", "duplicate-query", on=("classic", "v1"))
def title_twice(control: Control) -> Iterator[Change]:
    """Two panels have one title, but ask different things."""
    first: Panel | None = None
    for panel in _asking(control):
        if first is not None and first.type == panel.type and first.section == panel.section:
            changed = put(control.document, f"{panel.pointer}/title", first.title)
            places = (Place(f"{panel.pointer}/title"), Place(f"{first.pointer}/title"))
            yield Change(f"panels {first.id} and {panel.id}", places, changed)
        first = panel


@operator("A8", "duplicate-panel-id", on=("classic", "v1"))
def panel_copied_with_its_id(control: Control) -> Iterator[Change]:
    """A copy of a panel keeps its number."""
    for panel in _asking(control):
        copied, place = _copied(control, panel)
        changed = append(control.document, f"{control.body}/panels", copied)
        places = (Place(f"{place}/id"), Place(f"{panel.pointer}/id"))
        yield Change(f"panel {panel.id}", places, changed)


OPERATORS = (panel_twice, title_twice, panel_copied_with_its_id)
