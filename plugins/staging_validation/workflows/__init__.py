"""Billing workflows: scenarios that read like a table, the expectations of their steps, and their runner."""

from staging_validation.workflows.model import Answer, CleanUp, Customer, Row, WebhookEvent
from staging_validation.workflows.rules import SET, Rule, holding, one_of
from staging_validation.workflows.runner import run_workflow
from staging_validation.workflows.scenario import Scenario, Workflow, step
from staging_validation.workflows.staging import Staging

__all__ = [
    "SET",
    "Answer",
    "CleanUp",
    "Customer",
    "Row",
    "Rule",
    "Scenario",
    "Staging",
    "WebhookEvent",
    "Workflow",
    "holding",
    "one_of",
    "run_workflow",
    "step",
]
