"""Billing telemetry: the metric catalogue, and a run of synthetic events whose numbers are known."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from staging_validation.telemetry.catalogue import Catalogue, parse_catalogue
    from staging_validation.telemetry.comparison import compare_samples, own_samples
    from staging_validation.telemetry.instruments import Instruments
    from staging_validation.telemetry.plan import RunPlan, expected_samples, plan_run
    from staging_validation.telemetry.samples import Sample

__all__ = [
    "Catalogue",
    "Instruments",
    "RunPlan",
    "Sample",
    "compare_samples",
    "expected_samples",
    "own_samples",
    "parse_catalogue",
    "plan_run",
]

_HOMES = {
    "Catalogue": "catalogue",
    "Instruments": "instruments",
    "RunPlan": "plan",
    "Sample": "samples",
    "compare_samples": "comparison",
    "expected_samples": "plan",
    "own_samples": "comparison",
    "parse_catalogue": "catalogue",
    "plan_run": "plan",
}


def __getattr__(name: str) -> Any:
    """Import a part only when it is asked for: who reads the catalogue alone needs no Prometheus client."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
