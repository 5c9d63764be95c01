"""Runs a workflow and keeps what its steps found."""

from __future__ import annotations

from pydantic import JsonValue

from staging_validation.errors import StagingValidationError
from staging_validation.results import CheckResult, Kind, Outcome, Severity
from staging_validation.workflows.model import CleanUp
from staging_validation.workflows.record import Record
from staging_validation.workflows.scenario import Scenario, Step, Workflow
from staging_validation.workflows.staging import TEST_CLOCK, Staging


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
        there was anything to remove. A workflow that was skipped as a whole tells of its clean-up only what is left:
        a need that is tried out makes something too.
    """
    record = Record(workflow.id, workflow.source, staging.elapsed)
    record.begin("needs", "what the workflow needs is there")
    try:
        reason = _reason_to_skip(workflow.needs, staging)
    except StagingValidationError as error:
        record.add_error(error)
        why = "whether what this workflow needs is there could not be found out"
        return record.end() + _all_skipped(workflow, why) + _cleaned(workflow, staging.clean_up())
    if reason:
        done = staging.clean_up()
        return _all_skipped(workflow, reason) + (_cleaned(workflow, done) if done.problems else [])
    results = _run_steps(workflow, staging, record)
    return results + _cleaned(workflow, staging.clean_up())


def _run_steps(workflow: Workflow, staging: Staging, record: Record) -> list[CheckResult]:
    scenario = workflow.scenario(staging, record)
    results: list[CheckResult] = []
    broken: Step | None = None
    for step in workflow.steps:
        if broken:
            reason = f"the step '{broken.title}' ({broken.name}) did not succeed, and this one builds on it"
            results.append(_skipped(workflow, step, reason))
            continue
        found = _run_step(workflow, step, scenario, record)
        results += found
        failed = any(result.counts_as not in (Outcome.PASSED, Outcome.SKIPPED) for result in found)
        if failed and not workflow.independent:
            broken = step
    return results


def _reason_to_skip(needs: tuple[str, ...], staging: Staging) -> str:
    """Return why something that has needs cannot run, or nothing.

    A test clock is tried out with a customer, so it is asked for when nothing else is missing.
    """
    asked = [need for need in needs if need != TEST_CLOCK]
    reasons = "; ".join(reason for need in asked if (reason := staging.lacks(need)))
    if reasons or TEST_CLOCK not in needs:
        return reasons
    return staging.lacks(TEST_CLOCK) or ""


def _run_step(workflow: Workflow, step: Step, scenario: Scenario, record: Record) -> list[CheckResult]:
    record.begin(step.name, step.title)
    try:
        if lacking := _reason_to_skip(step.needs, scenario.staging):
            return [_skipped(workflow, step, lacking)]
        step.run(scenario)
    except StagingValidationError as error:
        record.add_error(error)
    return record.end()


def _all_skipped(workflow: Workflow, reason: str) -> list[CheckResult]:
    return [_skipped(workflow, step, reason) for step in workflow.steps]


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
    if done == CleanUp():
        return []
    evidence = {
        "deleted_stripe_customers": done.deleted,
        "deleted_test_clocks": done.clocks,
        "kept_test_clocks": done.kept_clocks,
    }
    clean = "nothing is left but the clocks to keep" if done.kept_clocks else "nothing is left"
    return [
        CheckResult(
            id=f"workflow.{workflow.id}.clean_up",
            kind=Kind.WORKFLOW,
            subject=f"{workflow.title}: what it made in Stripe is removed",
            outcome=Outcome.FAILED if done.problems else Outcome.PASSED,
            severity=Severity.WARNING,
            expected=clean,
            actual=" ".join(done.problems) or clean,
            evidence={name: list[JsonValue](ids) for name, ids in evidence.items() if ids},
            remedy="delete the named objects in Stripe's test mode" if done.problems else None,
        )
    ]
