"""Billing telemetry: the metric catalogue, and a run of synthetic events whose numbers are known."""

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
