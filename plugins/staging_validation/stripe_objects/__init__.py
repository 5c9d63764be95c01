"""The Stripe objects of the customer states: which each needs, whose they are, whether they are right and settled."""

from staging_validation.stripe_objects.found import FoundObjects, period_of
from staging_validation.stripe_objects.plan import (
    FIXTURE,
    PlannedObjects,
    is_leftover,
    is_leftover_clock,
    plan_objects,
)
from staging_validation.stripe_objects.results import objects_result, sweep_result
from staging_validation.stripe_objects.subscriptions import FAILING_CARD, GOOD_CARD, PlannedSubscription

__all__ = [
    "FAILING_CARD",
    "FIXTURE",
    "GOOD_CARD",
    "FoundObjects",
    "PlannedObjects",
    "PlannedSubscription",
    "is_leftover",
    "is_leftover_clock",
    "objects_result",
    "period_of",
    "plan_objects",
    "sweep_result",
]
