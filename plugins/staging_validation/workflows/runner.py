"""Runs a workflow and keeps what its steps found."""

from __future__ import annotations

from staging_validation.errors import StagingValidationError
from staging_validation.results import CheckResult, Kind, Outcome, Severity
from staging_validation.workflows.model import CleanUp
from staging_validation.workflows.record import Record
from staging_validation.workflows.scenario import Scenario, Step, Workflow
from staging_validation.workflows.staging import Staging


def run_workflow(workflow: Workflow, staging: Staging) -> list[CheckResult]:
    """Run a workflow's steps in order, and clean up behind it.

    A step whose expectation fails, or that meets an error of this package, is the last that runs: the steps after
    it build on it and are skipped, unless the workflow says that its steps are independent. All expectations of
    that step are still reported.

    Args:
        workflow: The workflow.
        staging: The session to run it on.

    Returns:
        One result for each expectation, one for each step that could not be run, and one for the clean-up when
        there was anything to remove.
    """
    if reason := _reason_to_skip(workflow.needs, staging):
        return [_skipped(workflow, step, reason) for step in workflow.steps]
    results = _run_steps(workflow, staging)
    return results + _cleaned(workflow, staging.clean_up())


def _run_steps(workflow: Workflow, staging: Staging) -> list[CheckResult]:
    record = Record(workflow.id, workflow.source, staging.elapsed)
    scenario = workflow.scenario(staging, record)
    results: list[CheckResult] = []
    broken: Step | None = None
    for step in workflow.steps:
        if broken:
            reason = f"the step '{broken.title}' ({broken.name}) did not succeed, and this one builds on it"
            results.append(_skipped(workflow, step, reason))
            continue
        if lacking := _reason_to_skip(step.needs, staging):
            results.append(_skipped(workflow, step, lacking))
            continue
        found = _run_step(step, scenario, record)
        results += found
        failed = any(result.counts_as is not Outcome.PASSED for result in found)
        if failed and not workflow.independent:
            broken = step
    return results


def _reason_to_skip(needs: tuple[str, ...], staging: Staging) -> str:
    """Return why something that has needs cannot run, or nothing."""
    return "; ".join(reason for need in needs if (reason := staging.lacks(need)))


def _run_step(step: Step, scenario: Scenario, record: Record) -> list[CheckResult]:
    record.begin(step.name, step.title)
    try:
        step.run(scenario)
    except StagingValidationError as error:
        record.add_error(error)
    return record.end()


def _skipped(workflow: Workflow, step: Step, reason: str) -> CheckResult:
    return CheckResult(
        id=f"workflow.{workflow.id}.{step.name}",
        kind=Kind.WORKFLOW,
        subject=f"{workflow.title}: {step.title}",
        outcome=Outcome.SKIPPED,
        evidence={"reason": reason},
        where=f"{workflow.source}#{step.name}" if workflow.source else None,
    )


def _cleaned(workflow: Workflow, done: CleanUp) -> list[CheckResult]:
    if not done.deleted and not done.problems:
        return []
    return [
        CheckResult(
            id=f"workflow.{workflow.id}.clean_up",
            kind=Kind.WORKFLOW,
            subject=f"{workflow.title}: what it made in Stripe is removed",
            outcome=Outcome.FAILED if done.problems else Outcome.PASSED,
            severity=Severity.WARNING,
            expected="nothing is left",
            actual=" ".join(done.problems) or "nothing is left",
            evidence={"deleted_stripe_customers": list(done.deleted)},
            remedy="delete the named objects in Stripe's test mode" if done.problems else None,
        )
    ]
