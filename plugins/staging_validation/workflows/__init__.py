"""Billing workflows: scenarios that read like a table, the expectations of their steps, and their runner."""

from staging_validation.workflows.model import (
    Answer,
    CleanUp,
    Customer,
    Moment,
    Period,
    Row,
    Signing,
    WebhookEvent,
)
from staging_validation.workflows.rules import SET, Rule, at_least, holding, one_of
from staging_validation.workflows.runner import run_workflow
from staging_validation.workflows.scenario import Scenario, Workflow, needing, step
from staging_validation.workflows.staging import SEEDED_CUSTOMERS, TEST_CLOCK, Staging

__all__ = [
    "SEEDED_CUSTOMERS",
    "SET",
    "TEST_CLOCK",
    "Answer",
    "CleanUp",
    "Customer",
    "Moment",
    "Period",
    "Row",
    "Rule",
    "Scenario",
    "Signing",
    "Staging",
    "WebhookEvent",
    "Workflow",
    "at_least",
    "holding",
    "needing",
    "one_of",
    "run_workflow",
    "step",
]
