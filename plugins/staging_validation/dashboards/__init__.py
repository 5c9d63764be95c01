"""Grafana dashboards: files of every format to one model, variables replaced, every query evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from staging_validation.dashboards.envelope import Envelope
from staging_validation.dashboards.expansion import ExpansionSettings, expand_target
from staging_validation.dashboards.expansion_static import Expansion, expand_statically
from staging_validation.dashboards.model import Dashboard, Panel, Target, Variable
from staging_validation.dashboards.parsing import parse_dashboard
from staging_validation.dashboards.reading import Reading, ReadProblem, read_dashboard

if TYPE_CHECKING:
    from staging_validation.dashboards.evaluation import evaluate_dashboard

__all__ = [
    "Dashboard",
    "Envelope",
    "Expansion",
    "ExpansionSettings",
    "Panel",
    "ReadProblem",
    "Reading",
    "Target",
    "Variable",
    "evaluate_dashboard",
    "expand_statically",
    "expand_target",
    "parse_dashboard",
    "read_dashboard",
]


def __getattr__(name: str) -> Any:
    """Import the evaluation only when it is asked for: its results need pydantic, which reading does not."""
    if name == "evaluate_dashboard":
        from staging_validation.dashboards.evaluation import evaluate_dashboard

        return evaluate_dashboard
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
