"""The fate of a step follows from its results, and they are kept before it is decided."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from staging_validation.airflow.operators.base import Step, StepErroredError, ValidationOperator
from staging_validation.errors import CheckFailedError, GuardRefusedError, ServiceUnreachableError
from staging_validation.results import CheckResult, Kind, Outcome, Severity
from staging_validation.run_id import validation_run_id


class Scripted(ValidationOperator):
    """Returns a scripted step, or raises a scripted error."""

    kind = Kind.RESET

    def __init__(self, *, script, **kwargs):
        super().__init__(**kwargs)
        self.script = script

    def check(self, context, run):
        if isinstance(self.script, Exception):
            raise self.script
        return self.script


class Guardlike(Scripted):
    """A step that is not tried again."""

    retry_errored = False


def a_result(outcome, **fields):
    given = {"id": "reset.x", "kind": Kind.RESET, "subject": "x", "outcome": outcome, **fields}
    return CheckResult(**given)


@pytest.fixture
def execute(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL", f"file://{tmp_path}")

    def run(operator, *, map_index=-1):
        context = {
            "dag_run": SimpleNamespace(dag_id="staging_reset", run_id="manual__1"),
            "ti": SimpleNamespace(map_index=map_index),
        }
        return operator.execute(context)

    run.folder = tmp_path / "staging_reset" / validation_run_id("staging_reset", "manual__1") / "tasks"
    return run


def stored(execute, task="step"):
    return json.loads((execute.folder / f"{task}.json").read_text())


def test_a_passed_step_returns_its_value(execute):
    step = Step([a_result(Outcome.PASSED)], {"created": 10})
    assert execute(Scripted(task_id="step", script=step)) == {"created": 10}
    assert [result["outcome"] for result in stored(execute)] == ["passed"]


def test_a_failed_check_is_kept_and_never_retried(execute):
    step = Step([a_result(Outcome.FAILED, actual=59), a_result(Outcome.PASSED)])
    with pytest.raises(AirflowFailException, match=r"failed: reset\.x \(x\): 59"):
        execute(Scripted(task_id="step", script=step))
    assert [result["outcome"] for result in stored(execute)] == ["failed", "passed"]


def test_a_failed_warning_does_not_fail_the_step(execute):
    execute(
        Scripted(
            task_id="step", script=Step([a_result(Outcome.FAILED, severity=Severity.WARNING)], "went on")
        )
    )


def test_an_outage_is_errored_and_may_be_retried(execute):
    error = ServiceUnreachableError("Prometheus", "gave no answer", remedy="start it")
    with pytest.raises(StepErroredError, match=r"errored: .*Prometheus: gave no answer"):
        execute(Scripted(task_id="group.step", script=error))
    (result,) = stored(execute, "group.step")
    assert (result["id"], result["outcome"], result["remedy"]) == ("reset.step", "errored", "start it")


def test_an_outage_is_final_where_a_step_is_not_to_be_retried(execute):
    with pytest.raises(AirflowFailException, match="errored"):
        execute(Guardlike(task_id="step", script=ServiceUnreachableError("PostgreSQL", "is down")))


@pytest.mark.parametrize(
    ("error", "outcome"), [(GuardRefusedError("no"), "refused"), (CheckFailedError("no"), "failed")]
)
def test_refusals_and_failures_raised_by_a_client_are_final(execute, error, outcome):
    with pytest.raises(AirflowFailException, match=outcome):
        execute(Scripted(task_id="step", script=error))
    assert stored(execute)[0]["outcome"] == outcome


def test_a_step_that_checks_nothing_has_failed(execute):
    with pytest.raises(AirflowFailException, match="step checked nothing"):
        execute(Scripted(task_id="step", script=Step([])))


def test_a_step_that_skipped_all_its_checks_is_a_skipped_task(execute):
    step = Step([a_result(Outcome.SKIPPED, evidence={"reason": "not offered here"})] * 2)
    with pytest.raises(AirflowSkipException, match="not offered here"):
        execute(Scripted(task_id="step", script=step))
    assert [result["outcome"] for result in stored(execute)] == ["skipped", "skipped"]


def test_a_step_with_a_skipped_and_a_passed_check_has_passed(execute):
    skipped = a_result(Outcome.SKIPPED, evidence={"reason": "not offered here"})
    execute(Scripted(task_id="step", script=Step([skipped, a_result(Outcome.PASSED)])))


def test_a_bug_of_our_own_is_not_dressed_up_as_a_result(execute):
    with pytest.raises(ZeroDivisionError):
        execute(Scripted(task_id="step", script=ZeroDivisionError()))
    assert not execute.folder.exists()


def test_a_mapped_task_keeps_its_results_apart(execute):
    step = Step([a_result(Outcome.PASSED)])
    execute(Scripted(task_id="step", script=step), map_index=0)
    execute(Scripted(task_id="step", script=step), map_index=1)
    assert {path.name for path in execute.folder.iterdir()} == {"step__0.json", "step__1.json"}


def test_the_message_names_the_first_three_and_counts_the_rest(execute):
    step = Step([a_result(Outcome.FAILED, subject=f"s{number}", actual=number) for number in range(5)])
    with pytest.raises(AirflowFailException, match=r"\(s0\): 0; .*\(s2\): 2; and 2 more"):
        execute(Scripted(task_id="step", script=step))


def test_secrets_stay_out_of_the_message_and_the_results(execute):
    key = "sk_test_" + "a1B2" * 6
    with pytest.raises(StepErroredError) as raised:
        execute(Scripted(task_id="step", script=ServiceUnreachableError("Stripe", f"refused {key}")))
    assert key not in str(raised.value)
    assert key not in json.dumps(stored(execute))
