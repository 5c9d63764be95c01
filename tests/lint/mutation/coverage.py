"""Takes panels away, so that what is measured is shown nowhere (class E3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from staging_validation.promql.tree import VectorSelector
from tests.lint.mutation.documents import drop
from tests.lint.mutation.mutant import Change, Control, Place, operator
from tests.lint.support import catalogue


@operator("E3", "metric-never-shown", on=("shipped",))
def shown_nowhere(control: Control) -> Iterator[Change]:
    """An event that was shown by one panel alone."""
    if "classic" not in control.tags and "v1" not in control.tags:
        return
    shown: Counter[str] = Counter()
    for panel in control.panels():
        shown.update(_events(control, panel.pointer))
    for panel in reversed(list(control.panels())):
        alone = sorted(name for name in _events(control, panel.pointer) if shown[name] == 1)
        if alone:
            yield Change(f"{alone[0]} of panel {panel.id}", (Place(),), drop(control.document, panel.pointer))


def _events(control: Control, pointer: str) -> set[str]:
    names = {
        selector.metric.text
        for query in control.queries
        if query.owner.panel is not None and query.owner.panel.pointer == pointer
        for selector in query.pieces(VectorSelector)
        if selector.metric is not None
    }
    found = (catalogue().of_series(name) for name in names)
    return {known[0].event or known[0].name for known in found if known}


OPERATORS = (shown_nowhere,)
