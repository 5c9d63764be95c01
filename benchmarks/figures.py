"""Measured figures beside their budgets."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console


Say = Callable[[str], object]
"""Tells people something."""


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        name: What was measured.
        value: What came out.
        budget: The most that it may be; None for a figure that is only told.
        unit: Its unit: ``s``, ``MB``, ``times``, ``rows``.
    """

    name: str
    value: float
    budget: float | None
    unit: str

    @property
    def kept(self) -> bool:
        """Whether the budget is kept."""
        return self.budget is None or self.value <= self.budget


def with_time(say: Say) -> Say:
    """Return what tells a text with the seconds since now in front of it."""
    began = time.monotonic()

    def tell(text: str) -> object:
        return say(f"{time.monotonic() - began:6.1f} s  {text}")

    return tell


def report(figures: Sequence[Figure], console: Console, kept_in: Path) -> int:
    """Print the figures and write them to a file, with the machine and the commit they were measured on.

    Returns:
        The exit status: 0 when every budget is kept, 1 otherwise.
    """
    table = Table(title="Figures and budgets", title_justify="left")
    for heading, justify in (("Figure", "left"), ("Measured", "right"), ("Budget", "right"), ("", "left")):
        table.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for figure in figures:
        budget = "" if figure.budget is None else f"{figure.budget:g} {figure.unit}"
        verdict = "" if figure.budget is None else "kept" if figure.kept else "MISSED"
        table.add_row(figure.name, f"{figure.value:,.3g} {figure.unit}", budget, verdict)
    console.print(table)
    kept_in.parent.mkdir(parents=True, exist_ok=True)
    content = {**_circumstances(), "figures": [{**asdict(figure), "kept": figure.kept} for figure in figures]}
    kept_in.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    missed = [figure.name for figure in figures if not figure.kept]
    console.print(
        f"Budgets missed: {', '.join(missed)}" if missed else "All budgets are kept.", soft_wrap=True
    )
    return 1 if missed else 0


def _circumstances() -> dict[str, object]:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or None,
        "cores": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
