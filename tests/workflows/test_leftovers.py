"""What is told to be a workflow's own, and what a run may remove of it."""

from __future__ import annotations

import pytest

from staging_validation.results import Outcome, Severity
from staging_validation.workflows.leftovers import (
    CLOCK,
    CUSTOMER,
    Leftover,
    due,
    leftovers_result,
    of_clocks,
    of_customers,
)
from staging_validation.workflows.naming import address_prefix, clock_name

RUN = "nightly-3fa9c1d2e4b5"
LONG = "x" * 60
NOW = 2_000_000_000


def customer(name: str, email: str, **fields) -> dict:
    return {"id": "cus_1", "name": name, "email": email, "created": NOW, **fields}


def signed_up(workflow: str, run: str) -> dict:
    """A customer as a workflow's session signs it up."""
    return customer(f"Workflow {workflow} {run}", f"{address_prefix(workflow, run)}12@test.example.com")


@pytest.mark.parametrize("run", [RUN, "workflows-1", LONG])
def test_a_workflows_customer_is_its_runs(run):
    (found,) = of_customers([signed_up("w05_pay_as_you_go", run)])
    assert (found.sort, found.run, found.is_of(run), found.is_of(f"{run}0")) == (CUSTOMER, run, True, False)


@pytest.mark.parametrize("run", [RUN, LONG])
def test_a_customer_of_a_load_run_is_its_runs(run):
    email = f"{address_prefix('load', run)}7@test.example.com"
    for name in (f"Load {run}", f"Load {run} 2"):
        (found,) = of_customers([customer(name, email)])
        assert found.is_of(run)
        assert not found.is_of("nightly")


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Ada", "w05-nightly-1-1@test.example.com"),
        ("Workflow w05_pay nightly-1", "ada@test.example.com"),
        ("Workflow w05_pay nightly-1", "w05-nightly-2-1@test.example.com"),
        ("Workflow w05_pay nightly-1", "w06-nightly-1-1@test.example.com"),
        ("Workflow w05_pay nightly-1", "w05-nightly-1-@test.example.com"),
        ("Workflow w05_pay nightly-1", "w05-nightly-1-1@test.example.com.evil.org"),
        ("Workflow w05_pay nightly-1", "w05-nightly-1-1@example.com"),
        ("Workflow w05_pay nightly-1", "w05-nightly-1-1@x@test.example.com"),
        ("Our Workflow w05_pay nightly-1", "w05-nightly-1-1@test.example.com"),
        ("Workflow w05_pay nightly-1 and more", "w05-nightly-1-1@test.example.com"),
        ("Load nightly-1", "load-nightly-1-1@test.example.org"),
        ("Load nightly-1", "load-1@test.example.com"),
        ("Load nightly-1", "load-nightly-2-1@test.example.com"),
        ("Load nightly-1", "w01-nightly-1-1@test.example.com"),
        ("Load", "load-nightly-1-1@test.example.com"),
        ("Download nightly-1", "load-nightly-1-1@test.example.com"),
        ("Trial", "trial-new@test.example.com"),
        (None, None),
    ],
)
def test_nobody_elses_customer_is_taken_for_one(name, email):
    assert list(of_customers([customer(name, email)])) == []


@pytest.mark.parametrize(
    "name",
    [
        clock_name("fixture-pro_active", RUN),
        "my clock",
        f"staging-validation {RUN}",
        "staging-validation ",
        f"my staging-validation {RUN} w07_renewal",
        None,
    ],
)
def test_nobody_elses_clock_is_taken_for_a_workflows(name):
    assert list(of_clocks([{"id": "clock_1", "name": name, "created": NOW}])) == []


def test_a_workflows_clock_is_its_runs():
    (found,) = of_clocks([{"id": "clock_1", "name": clock_name("w07_renewal", RUN), "created": NOW}])
    assert found == Leftover(CLOCK, "clock_1", RUN, NOW)


def test_before_the_workflows_what_other_runs_left_long_ago_goes():
    own, old, young = (
        Leftover(CLOCK, run, run, NOW - age) for run, age in ((RUN, 9999), ("a", 900), ("b", 899))
    )
    assert due([own, old, young], run_id=RUN, now=NOW, spare_seconds=900, stage="before") == [old]


def test_after_the_workflows_all_of_this_run_goes_too():
    own, old, young = (
        Leftover(CLOCK, run, run, NOW - age) for run, age in ((RUN, 0), ("a", 900), ("b", 899))
    )
    assert due([own, old, young], run_id=RUN, now=NOW, spare_seconds=900, stage="after") == [own, old]


def test_what_is_left_is_a_warning_with_its_reason():
    gone, left = Leftover(CLOCK, "clock_1", RUN, NOW), Leftover(CUSTOMER, "cus_1", "other-1", NOW)
    result = leftovers_result([gone], {left.id: "Stripe: answered 500"}, run_id=RUN, stage="after")
    assert (result.id, result.outcome, result.severity) == (
        "workflow.leftovers.after",
        Outcome.FAILED,
        Severity.WARNING,
    )
    assert result.actual == ["cus_1"]
    assert result.evidence["left"] == {"cus_1": "Stripe: answered 500"}
    assert result.evidence["deleted_of_this_run"] == {
        "test_clocks": 1,
        "customers": 0,
        "runs": [RUN],
        "ids": ["clock_1"],
    }
    assert result.evidence["deleted_of_former_runs"] is None
    assert result.remedy


def test_thousands_of_leftovers_do_not_make_thousands_of_lines():
    many = [Leftover(CUSTOMER, f"cus_{number}", f"run-{number}", NOW) for number in range(1000)]
    result = leftovers_result(many, {}, run_id=RUN, stage="before")
    assert result.outcome is Outcome.PASSED
    assert result.evidence["deleted_of_former_runs"]["customers"] == 1000
    assert len(result.model_dump_json()) < 2000
