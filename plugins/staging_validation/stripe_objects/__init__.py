"""The Stripe objects of the customer states: which each needs, whose they are, and whether they are right."""

from staging_validation.stripe_objects.plan import FIXTURE, PlannedObjects, is_leftover, plan_objects
from staging_validation.stripe_objects.results import objects_result, sweep_result

__all__ = [
    "FIXTURE",
    "PlannedObjects",
    "is_leftover",
    "objects_result",
    "plan_objects",
    "sweep_result",
]
