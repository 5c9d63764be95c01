"""The table and the line for a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from staging_validation.reporting import results_table, summary_line
from staging_validation.reporting.wording import brief, duration, found, plain
from staging_validation.results import CheckResult, Kind, Outcome, Severity


def _printed(table) -> str:
    console = Console(file=io.StringIO(), width=240)
    console.print(table)
    return console.file.getvalue()


def test_table_has_one_section_a_job_in_the_order_of_a_run(gather, every_status):
    text = _printed(results_table(gather(every_status)))
    places = [
        text.index(title) for title in ("Guard", "Dashboards", "Alert rules", "Billing workflows", "Load")
    ]
    assert places == sorted(places)
    assert "✗ failed" in text
    assert "▲ warning" in text
    assert "credit_balance is 4, expected 5" in text
    assert "load is off" in text


def test_a_finding_that_only_informs_is_a_note_and_not_what_to_read_first(gather):
    note = CheckResult(
        id="dashboard.billing.lint.metric-never-shown",
        kind=Kind.DASHBOARD,
        subject="billing",
        outcome=Outcome.FAILED,
        severity=Severity.INFO,
        expected="every metric is shown",
        actual="subscription_renewed is not",
    )
    assert summary_line(gather([note])) == "PASSED: 1 note (run nightly-1, 2 min 5 s)"
    assert "• note" in _printed(results_table(gather([note])))


def test_brackets_are_text_and_no_markup(gather, every_status):
    assert "cannot be reached [Errno 111]" in _printed(results_table(gather(every_status)))


def test_a_job_is_named_once(gather, every_status):
    assert _printed(results_table(gather([every_status[0]] * 3))).count("Guard") == 1


def test_summary_line_names_what_to_read_first(gather, every_status):
    assert summary_line(gather(every_status)) == (
        "FAILED: 1 failed, 1 errored, 1 warning, 1 skipped, 1 passed (run nightly-1, 2 min 5 s). First: "
        "workflow.w01_signup.onboard.customer, w01-x-1@test.example.com: customers row: "
        "credit_balance is 4, expected 5"
    )


def test_summary_line_of_a_clean_run_is_short(gather, every_status):
    assert summary_line(gather(every_status[:1], seconds=0.5)) == "PASSED: 1 passed (run nightly-1, 500 ms)"


def test_summary_line_of_nothing(gather):
    assert summary_line(gather([], seconds=3)) == "FAILED: no results (run nightly-1, 3.0 s)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0123, "12 ms"), (3.44, "3.4 s"), (60, "1 min 0 s"), (3725, "1 h 2 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (0, "0"),
        (False, "false"),
        ([], "none"),
        ([1, "a"], "1; a"),
        ({"a": 1, "b": None}, "a=1, b=null"),
    ],
)
def test_values_are_plain_text(value, text):
    assert plain(value) == text


def test_long_texts_are_cut():
    assert brief("x" * 50, limit=10) == "x" * 9 + "…"


def test_a_failure_without_fields_says_both_sides():
    result = CheckResult(
        id="money.total", kind=Kind.MONEY, subject="Total", outcome=Outcome.FAILED, expected=10, actual=9
    )
    assert found(result) == "9 (expected 10)"


def test_a_pass_without_a_value_says_nothing():
    assert found(CheckResult(id="a.b", kind=Kind.LOAD, subject="s", outcome=Outcome.PASSED)) == ""


def test_rules_that_hold_are_not_shown_as_differences():
    result = CheckResult(
        id="workflow.a.b",
        kind=Kind.WORKFLOW,
        subject="row",
        outcome=Outcome.FAILED,
        expected={"id": "any text", "balance": 5},
        actual={"id": "cus_1", "balance": 4},
        evidence={"differing_fields": ["balance"]},
    )
    assert found(result) == "balance is 4, expected 5"
