"""Findings as results of a run."""

from __future__ import annotations

from staging_validation.lint.check_results import check_results
from staging_validation.lint.finding import Finding, LintResult, Severity, Skipped
from staging_validation.promql.tree import Span
from staging_validation.results import Kind, Outcome
from staging_validation.results import Severity as Weight

PATH = "include/dashboards/Billing Metrics.json"


def finding(**fields):
    whole = {
        "rule": "query-syntax",
        "severity": Severity.ERROR,
        "file": PATH,
        "message": "It is wrong.",
        "remedy": "Write it right.",
        "pointer": "/panels/0/targets/0/expr",
        "panel_id": 3,
        "panel": "Sales",
        "ref_id": "A",
        "expr": "rate(up)",
        "span": Span(5, 7),
    }
    return Finding(**{**whole, **fields})


def test_a_finding_is_a_failed_result_with_its_place():
    [result] = check_results(LintResult((finding(),)), PATH, Kind.DASHBOARD)
    assert (result.id, result.outcome) == ("dashboard.billing_metrics.lint.query-syntax", Outcome.FAILED)
    assert result.subject == "Panel 3 Sales, query A"
    assert (result.where, result.remedy) == (f"{PATH}#/panels/0/targets/0/expr", "Write it right.")
    assert (result.evidence["query"], result.evidence["piece"]) == ("rate(up)", "up")


def test_a_warning_does_not_fail_a_run():
    [result] = check_results(LintResult((finding(severity=Severity.WARNING),)), PATH, Kind.DASHBOARD)
    assert (result.severity, result.counts_as) == (Weight.WARNING, Outcome.PASSED)


def test_several_findings_of_a_rule_have_ids_of_their_own():
    results = check_results(LintResult((finding(), finding(panel_id=4))), PATH, Kind.DASHBOARD)
    assert len({result.id for result in results}) == 2


def test_a_clean_file_passed_and_tells_what_was_not_checked():
    skipped = Skipped("rate-on-gauge", "no metrics are known", 4)
    [result] = check_results(LintResult((finding(file="other.json"),), (skipped,)), PATH, Kind.DASHBOARD)
    assert result.outcome is Outcome.PASSED
    assert result.evidence["not_checked"] == ["rate-on-gauge: no metrics are known (4)"]
