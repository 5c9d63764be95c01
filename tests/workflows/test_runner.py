"""The runner: what ends a workflow, what is skipped, and what is never swallowed."""

from __future__ import annotations

import pytest

from staging_validation.errors import CheckFailedError, GuardRefusedError, ServiceUnreachableError
from staging_validation.results import Kind, Outcome, Severity
from staging_validation.workflows import (
    TEST_CLOCK,
    CleanUp,
    Scenario,
    Workflow,
    needing,
    run_workflow,
    step,
)


class _Base(Scenario):
    def sign_up(self):
        self.customer = self.staging.sign_up()


class Good(_Base):
    @step
    def first(self) -> None:
        """The first step."""
        self.sign_up()
        self.expect.customer(self.customer, credit_balance=5)
        self.expect.customer(self.customer, active=True)

    @step
    def second(self) -> None:
        """The second step.

        More is said here.
        """
        self.still.customer(self.customer, credit_balance=5)


class BadFirst(_Base):
    @step
    def first(self) -> None:
        """It expects what is not there."""
        self.sign_up()
        self.expect.customer(self.customer, credit_balance=6)
        self.expect.customer(self.customer, active=True)

    @step
    def second(self) -> None:
        """It must not run."""
        raise AssertionError

    @step
    def third(self) -> None:
        """Nor must this."""
        raise AssertionError


def _raising(error):
    class Raising(Scenario):
        @step
        def first(self) -> None:
            """It meets an error."""
            raise error

        @step
        def second(self) -> None:
            """It must not run."""
            raise AssertionError

    return Workflow("w90_raising", "Raising", Raising)


def _outcomes(results):
    return [(result.id, result.outcome.value) for result in results]


def test_every_expectation_gives_a_result_and_ids_are_unique(fake_staging):
    results = run_workflow(
        Workflow("w90_good", "Good", Good).at("include/workflows/w90_good.py"), fake_staging()
    )
    assert _outcomes(results) == [
        ("workflow.w90_good.first.customer", "passed"),
        ("workflow.w90_good.first.customer_2", "passed"),
        ("workflow.w90_good.second.customer", "passed"),
        ("workflow.w90_good.clean_up", "passed"),
    ]
    assert {result.kind for result in results} == {Kind.WORKFLOW}
    assert results[0].where == "include/workflows/w90_good.py#first"
    assert results[0].duration_seconds > 0
    assert results[0].evidence["step"] == "The first step"
    assert results[0].evidence["seen"]["credit_balance"] == 5


def test_a_failed_expectation_ends_its_step_and_skips_those_that_build_on_it(fake_staging):
    results = run_workflow(Workflow("w90_bad", "Bad", BadFirst), fake_staging())
    assert _outcomes(results) == [
        ("workflow.w90_bad.first.customer", "failed"),
        ("workflow.w90_bad.first.customer_2", "passed"),
        ("workflow.w90_bad.second", "skipped"),
        ("workflow.w90_bad.third", "skipped"),
        ("workflow.w90_bad.clean_up", "passed"),
    ]
    assert results[0].evidence["differing_fields"] == ["credit_balance"]
    assert results[2].evidence["reason"] == (
        "the step 'It expects what is not there' (first) did not succeed, and this one builds on it"
    )


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (CheckFailedError("Onboarding answered 422."), Outcome.FAILED),
        (ServiceUnreachableError("Stripe", "cannot be reached", remedy="look"), Outcome.ERRORED),
        (GuardRefusedError("Stripe says livemode True."), Outcome.REFUSED),
    ],
)
def test_an_error_of_ours_becomes_the_steps_result(fake_staging, error, outcome):
    first, second, clean_up = run_workflow(_raising(error), fake_staging())
    assert (first.id, first.outcome) == ("workflow.w90_raising.first.error", outcome)
    assert first.actual == error.message
    assert second.outcome is Outcome.SKIPPED
    assert clean_up.outcome is Outcome.PASSED


def test_a_service_that_is_down_gives_errored(fake_staging, shipped):
    results = run_workflow(shipped("w01_signup"), fake_staging("down"))
    assert [result.outcome.value for result in results[:-1]] == ["errored", "skipped", "skipped"]
    assert "billing API" in str(results[0].actual)


def test_a_programming_error_is_not_swallowed(fake_staging):
    with pytest.raises(KeyError):
        run_workflow(_raising(KeyError("x")), fake_staging())


def test_a_step_that_expects_nothing_has_failed(fake_staging):
    class Empty(Scenario):
        @step
        def nothing(self) -> None:
            """Nothing is expected."""

    results = run_workflow(Workflow("w90_empty", "Empty", Empty), fake_staging())
    assert _outcomes(results)[0] == ("workflow.w90_empty.nothing.expectations", "failed")


def test_a_missing_operation_skips_all_steps_and_signs_nobody_up(fake_staging, shipped):
    staging = fake_staging()
    staging.api.absent = {"subscribe", "payment_method"}
    results = run_workflow(shipped("w06_pro"), staging)
    assert {result.outcome for result in results} == {Outcome.SKIPPED}
    reason = results[0].evidence["reason"]
    assert "no operation payment_method" in reason
    assert "no operation subscribe" in reason
    assert not staging.platform.customers


def test_a_step_whose_operation_is_missing_is_skipped_and_the_others_run(fake_staging):
    class Partly(_Base):
        @needing("metrics")
        @step
        def first(self) -> None:
            """It needs what is not offered."""
            raise AssertionError

        @step
        def second(self) -> None:
            """It needs nothing."""
            self.sign_up()
            self.expect.customer(self.customer, credit_balance=5)

    staging = fake_staging()
    staging.api.absent = {"metrics"}
    results = run_workflow(Workflow("w90_partly", "Partly", Partly), staging)
    assert _outcomes(results)[:2] == [
        ("workflow.w90_partly.first", "skipped"),
        ("workflow.w90_partly.second.customer", "passed"),
    ]
    assert results[0].evidence["reason"] == "this platform offers no operation metrics"


def test_independent_steps_run_whatever_became_of_the_others(fake_staging):
    class Apart(_Base):
        @step
        def first(self) -> None:
            """It fails."""
            self.sign_up()
            self.expect.customer(self.customer, credit_balance=6)

        @step
        def second(self) -> None:
            """It passes all the same."""
            self.expect.customer(self.customer, credit_balance=5)

    results = run_workflow(Workflow("w90_apart", "Apart", Apart, independent=True), fake_staging())
    assert [result.outcome.value for result in results[:2]] == ["failed", "passed"]


def test_what_could_not_be_removed_is_a_warning_that_names_it(fake_staging):
    staging = fake_staging()
    staging.clean = CleanUp(
        (), ("Stripe customer cus_9 of w90-x-1@test.example.com is left: Stripe: answered 500",)
    )
    result = run_workflow(Workflow("w90_good", "Good", Good), staging)[-1]
    assert (result.outcome, result.severity) == (Outcome.FAILED, Severity.WARNING)
    assert result.counts_as is Outcome.PASSED
    assert "cus_9" in str(result.actual)
    assert result.remedy


def test_no_clean_up_is_reported_when_nothing_was_made(fake_staging):
    staging = fake_staging()
    staging.clean = CleanUp()
    assert (
        run_workflow(Workflow("w90_good", "Good", Good), staging)[-1].id
        == "workflow.w90_good.second.customer"
    )


def test_an_expectation_of_a_row_that_is_gone_fails(fake_staging):
    class Gone(_Base):
        @step
        def vanish(self) -> None:
            """The row vanishes."""
            self.sign_up()
            self.staging.platform.customers.clear()
            self.eventually.customer(self.customer, credit_balance=5)

    result = run_workflow(Workflow("w90_gone", "Gone", Gone), fake_staging())[0]
    assert (result.outcome, result.actual) == (Outcome.FAILED, "there is none")


def test_expectations_of_stripe_fail_when_the_platform_stored_no_id(fake_staging):
    class Stripe(_Base):
        @step
        def look(self) -> None:
            """Stripe is asked."""
            self.sign_up()
            self.expect.stripe_customer(self.customer, email=self.customer.email)
            self.expect.stripe_subscriptions(self.customer, {"status": "active"})
            self.expect.stripe_invoices(self.customer, {"status": "paid"})

    results = run_workflow(Workflow("w90_stripe", "Stripe", Stripe), fake_staging("no_stripe_customer"))
    assert [result.outcome for result in results[:3]] == [Outcome.FAILED] * 3
    assert "the platform stored no id" in results[0].subject


def test_workflows_need_a_proper_id_steps_and_titles():
    with pytest.raises(ValueError, match="use lower case letters"):
        Workflow("W 1", "Title", Good)
    with pytest.raises(ValueError, match="Scenario has no method marked with @step"):
        Workflow("w1", "Title", Scenario)
    with pytest.raises(ValueError, match="say in its docstring what it shows"):
        step(lambda self: None)


def test_steps_are_titled_by_the_first_line_of_their_docstrings():
    assert [part.title for part in Workflow("w1", "Title", Good).steps] == [
        "The first step",
        "The second step",
    ]


def test_needs_that_cannot_be_found_out_are_an_error_and_everything_is_skipped(fake_staging):
    workflow = Workflow("w90_clock", "Clock", Good, needs=(TEST_CLOCK,))
    error, first, second, clean_up = run_workflow(workflow, fake_staging("clocks_fail"))
    assert (error.id, error.outcome) == ("workflow.w90_clock.needs.error", Outcome.ERRORED)
    assert first.outcome is second.outcome is Outcome.SKIPPED
    assert first.evidence["reason"] == "whether what this workflow needs is there could not be found out"
    assert clean_up.outcome is Outcome.PASSED


def test_a_clock_is_not_tried_out_when_something_else_is_missing(fake_staging):
    staging = fake_staging("clocks_fail")
    staging.api.absent = {"subscribe"}
    workflow = Workflow("w90_clock", "Clock", Good, needs=(TEST_CLOCK, "subscribe"))
    first, _ = run_workflow(workflow, staging)
    assert first.evidence["reason"] == "this platform offers no operation subscribe"


def test_a_skipped_workflow_tells_of_its_clean_up_only_what_is_left(fake_staging):
    workflow = Workflow("w90_clock", "Clock", Good, needs=(TEST_CLOCK,))
    staging = fake_staging()
    staging.no_clocks = "this platform ignores clocks"
    assert {result.outcome for result in run_workflow(workflow, staging)} == {Outcome.SKIPPED}
    staging.clean = CleanUp((), ("Stripe test clock clock_1 is left: Stripe: answered 500",))
    assert "clock_1 is left" in str(run_workflow(workflow, staging)[-1].actual)


def test_a_step_whose_need_cannot_be_found_out_is_an_error(fake_staging):
    class Partly(_Base):
        @needing(TEST_CLOCK)
        @step
        def first(self) -> None:
            """It needs a clock."""
            raise AssertionError

    result = run_workflow(Workflow("w90_partly", "Partly", Partly), fake_staging("clocks_fail"))[0]
    assert (result.id, result.outcome) == ("workflow.w90_partly.first.error", Outcome.ERRORED)


def test_the_clean_up_names_clocks_deleted_and_kept(fake_staging):
    staging = fake_staging()
    staging.clean = CleanUp(("cus_1",), (), ("clock_1",), ("clock_2",))
    result = run_workflow(Workflow("w90_good", "Good", Good), staging)[-1]
    assert result.evidence == {
        "deleted_stripe_customers": ["cus_1"],
        "deleted_test_clocks": ["clock_1"],
        "kept_test_clocks": ["clock_2"],
    }
