"""Grafana dashboards: files to one model, variables replaced, every query evaluated."""

from staging_validation.dashboards.evaluation import evaluate_dashboard
from staging_validation.dashboards.expansion import ExpansionSettings, expand_target
from staging_validation.dashboards.model import Dashboard, Panel, Target, Variable
from staging_validation.dashboards.parsing import parse_dashboard

__all__ = [
    "Dashboard",
    "ExpansionSettings",
    "Panel",
    "Target",
    "Variable",
    "evaluate_dashboard",
    "expand_target",
    "parse_dashboard",
]
