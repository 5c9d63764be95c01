from __future__ import annotations

from datetime import datetime, timezone

import pytest
from pydantic import ValidationError

from staging_validation.errors import CheckFailedError, GuardRefusedError, ServiceUnreachableError
from staging_validation.results import CheckResult, Kind, Outcome, RunResults, Severity

ABOUT = {"id": "reset.verify.x", "kind": Kind.RESET, "subject": "somebody"}
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


def test_comparing_decides_the_outcome():
    assert CheckResult.compare(expected=1, actual=1, **ABOUT).outcome is Outcome.PASSED
    assert CheckResult.compare(expected=1, actual=2, **ABOUT).outcome is Outcome.FAILED


@pytest.mark.parametrize("wrong", ["", "reset", "Reset.x", "reset.", "reset.x\n", "reset x.y"])
def test_ids_are_dotted_and_lower_case(wrong):
    with pytest.raises(ValidationError):
        CheckResult.compare(expected=1, actual=1, **{**ABOUT, "id": wrong})


def test_unknown_fields_and_changes_are_errors():
    with pytest.raises(ValidationError, match="extra"):
        CheckResult(outcome=Outcome.PASSED, because="x", **ABOUT)
    result = CheckResult(outcome=Outcome.PASSED, **ABOUT)
    with pytest.raises(ValidationError, match="frozen"):
        result.outcome = Outcome.FAILED


def test_a_skipped_check_names_its_reason():
    with pytest.raises(ValidationError, match="must name its reason"):
        CheckResult(outcome=Outcome.SKIPPED, **ABOUT)
    assert CheckResult(outcome=Outcome.SKIPPED, evidence={"reason": "no route"}, **ABOUT)


def test_only_failed_errors_weigh():
    def weight(outcome, severity):
        return CheckResult(outcome=outcome, severity=severity, **ABOUT).counts_as

    assert weight(Outcome.FAILED, Severity.ERROR) is Outcome.FAILED
    assert weight(Outcome.FAILED, Severity.WARNING) is Outcome.PASSED
    assert weight(Outcome.FAILED, Severity.INFO) is Outcome.PASSED
    assert weight(Outcome.ERRORED, Severity.WARNING) is Outcome.ERRORED


def test_secrets_are_masked_wherever_they_stand():
    result = CheckResult.compare(
        id="a.b",
        kind=Kind.WORKFLOW,
        subject="sk_test_abc",
        expected="sk_test_abc",
        actual=["sk_test_abc"],
        evidence={"x": {"y": "sk_test_abc"}},
        where="sk_test_abc",
        remedy="sk_test_abc",
    )
    assert "sk_test_abc" not in result.model_dump_json()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ServiceUnreachableError("PostgreSQL", "down.", remedy="start it"), Outcome.ERRORED),
        (CheckFailedError("wrong.", remedy="start it"), Outcome.FAILED),
        (GuardRefusedError("no.", remedy="start it"), Outcome.REFUSED),
    ],
)
def test_an_error_becomes_a_result(error, outcome):
    result = CheckResult.from_error(error, evidence={"more": 1}, **ABOUT)
    assert result.outcome is outcome
    assert result.actual == error.message
    assert result.remedy == "start it"
    assert result.evidence == {"error": type(error).__name__, "more": 1}


def test_a_run_is_as_good_as_its_worst_result():
    passed = CheckResult(outcome=Outcome.PASSED, **ABOUT)
    warned = CheckResult(outcome=Outcome.FAILED, severity=Severity.WARNING, **ABOUT)
    failed = CheckResult(outcome=Outcome.FAILED, **ABOUT)

    def outcome(*results):
        return RunResults.gather("run", results, started_at=NOW, finished_at=NOW).outcome

    assert outcome(passed, warned) is Outcome.PASSED
    assert outcome(passed, failed) is Outcome.FAILED
    assert outcome() is Outcome.FAILED


def test_a_run_survives_its_way_through_json():
    passed = CheckResult(outcome=Outcome.PASSED, evidence={"a": [1, None]}, **ABOUT)
    run = RunResults.gather("run", (result for result in [passed]), started_at=NOW, finished_at=NOW)
    assert RunResults.model_validate_json(run.model_dump_json()) == run


def test_times_need_a_zone():
    with pytest.raises(ValidationError):
        RunResults.gather("run", [], started_at=NOW.replace(tzinfo=None), finished_at=NOW)
