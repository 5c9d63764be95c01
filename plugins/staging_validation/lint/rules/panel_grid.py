"""A panel must say where it lies, inside of the 24 columns there are."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Grid, Panel
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import COLUMNS, is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_SIDES = ("x", "y", "w", "h")
_LONG = {"w": "width", "h": "height"}


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    if not is_whole(context.dashboard):
        return
    if panel.grid is not None:
        yield from _of_grid(panel, panel.grid)
    elif not panel.element and "/rows/" not in panel.pointer:
        # In rows of the old format and in automatic grids panels have no place of their own.
        yield Fault(
            "The panel has no gridPos, so Grafana puts it into the upper left corner and pushes the others down.",
            'say where it lies: "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}',
            pointer=f"{panel.pointer}/gridPos",
        )


def _of_grid(panel: Panel, grid: Grid) -> Iterator[Fault]:
    def place(side: str) -> str:
        return f"{grid.pointer}/{_LONG.get(side, side) if panel.element else side}"

    x, y, w, h = values = grid.x, grid.y, grid.w, grid.h
    missing = [side for side, value in zip(_SIDES, values, strict=True) if value is None]
    if missing:
        what = ", ".join(place(side).rpartition("/")[2] for side in missing)
        yield Fault(
            f"The panel's place lacks {what}: Grafana guesses, and the panel lands on top of another.",
            "give x, y, width and height",
            pointer=place(missing[0]) if len(missing) == 1 else grid.pointer,
            evidence={"missing": list(missing)},
        )
    for side, value in (("w", w), ("h", h)):
        if value is not None and value <= 0:
            yield Fault(
                f"The panel is {value:g} units {'wide' if side == 'w' else 'high'}, so nobody sees it.",
                "give it a width from 1 to 24 and a height of at least 1",
                pointer=place(side),
                severity=Severity.ERROR,
            )
    for side, value in (("x", x), ("y", y)):
        if value is not None and value < 0:
            yield Fault(
                f"The panel begins at {side} = {value:g}, outside of the dashboard; Grafana moves it somewhere else.",
                "count from 0",
                pointer=place(side),
            )
    if w is not None and w > COLUMNS:
        yield _too_wide(place("w"), f"The panel is {w:g} columns wide")
    elif x is not None and w is not None and x >= 0 and x + w > COLUMNS:
        pointer = place("x") if x >= COLUMNS else grid.pointer
        yield _too_wide(pointer, f"The panel reaches from column {x:g} to column {x + w:g}")


def _too_wide(pointer: str, what: str) -> Fault:
    return Fault(
        f"{what}, but a dashboard has {COLUMNS}: Grafana moves or shrinks it, and the layout is another than drawn.",
        f"let x and width together be at most {COLUMNS}",
        pointer=pointer,
    )


RULE = Rule(
    id="panel-grid",
    summary="A panel's place is missing, outside of the dashboard or without extent.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("A10",),
)
