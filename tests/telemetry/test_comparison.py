"""The comparison is exact, and names what is missing, extra or different."""

from __future__ import annotations

from dataclasses import replace

import pytest

from staging_validation.results import Outcome
from staging_validation.telemetry import (
    Sample,
    compare_samples,
    expected_samples,
    own_samples,
    plan_run,
)

ONE = Sample("paid_total", {"plan": "pro"}, 3.0)
TWO = Sample("paid_total", {"plan": "trial"}, 1.0)
BUCKET = Sample("took_bucket", {"le": "100.0"}, 2.0)


@pytest.fixture(scope="module")
def truth(catalogue):
    return expected_samples(plan_run("run-1", catalogue), catalogue)


def only(results):
    (result,) = results
    return result


def test_equal_samples_pass_metric_by_metric(truth, catalogue):
    results = compare_samples(truth, truth[::-1])
    assert [result.subject for result in results] == list(catalogue.metrics)
    assert {result.outcome for result in results} == {Outcome.PASSED}
    assert sum(result.actual["equal"] for result in results) == len(truth)


def test_a_histograms_series_are_one_metric():
    results = compare_samples([BUCKET, Sample("took_sum", {}, 1.0), Sample("took_count", {}, 1.0)], [BUCKET])
    assert only(results).actual == {"equal": 1, "missing": 2, "extra": 0, "different": 0}


@pytest.mark.parametrize("le", ["100", "1e+02", "100.000"])
def test_a_bound_may_be_written_otherwise(le):
    assert only(compare_samples([BUCKET], [replace(BUCKET, labels={"le": le})])).outcome is Outcome.PASSED


@pytest.mark.parametrize("le", ["+Inf", "200", "none", ""])
def test_another_bound_is_another_series(le):
    result = only(compare_samples([BUCKET], [replace(BUCKET, labels={"le": le})]))
    assert result.actual == {"equal": 0, "missing": 1, "extra": 1, "different": 0}


def test_a_missing_series_is_named():
    result = only(compare_samples([ONE, TWO], [ONE]))
    assert result.outcome is Outcome.FAILED
    assert result.evidence == {"missing": ['paid_total{plan="trial"}']}
    assert "honor_labels" in result.remedy


@pytest.mark.parametrize("extra", [replace(ONE, labels={"plan": "gold"}), ONE])
def test_an_extra_or_doubled_series_is_named(extra):
    result = only(compare_samples([ONE], [ONE, extra]))
    assert result.outcome is Outcome.FAILED
    assert result.actual["extra"] == 1
    assert result.evidence["extra"][0].startswith("paid_total{plan=")


def test_a_metric_that_should_not_be_there_has_its_own_result():
    results = compare_samples([ONE], [ONE, Sample("Odd_total", {}, 1.0)])
    assert [(result.id, result.outcome) for result in results] == [
        ("telemetry.samples.paid_total", Outcome.PASSED),
        ("telemetry.samples.odd_total", Outcome.FAILED),
    ]


@pytest.mark.parametrize("value", [2.0, 3.0000000000000004, float("nan")])
def test_the_smallest_difference_fails(value):
    result = only(compare_samples([ONE], [replace(ONE, value=value)]))
    assert result.outcome is Outcome.FAILED
    assert result.evidence["different"] == [f'paid_total{{plan="pro"}}: expected 3, is {value:.17g}']
    assert "rewrites samples" in result.remedy


def test_no_truth_is_no_success():
    assert only(compare_samples([], [ONE])).outcome is Outcome.FAILED


def test_what_the_transport_adds_is_no_part_of_the_truth(catalogue, truth):
    added = {"job": "staging_validation", "instance": "", "validation_run": "run-1", "exported_job": "x"}
    carried = [Sample(sample.name, {**sample.labels, **added}, sample.value) for sample in truth]
    gateway = [Sample("push_time_seconds", added, 1.0), Sample("push_failure_time_seconds", added, 0.0)]
    assert own_samples([*carried, *gateway], catalogue) == list(truth)
    unknown = Sample("other_total", added, 1.0)
    assert own_samples([unknown], catalogue) == [unknown]
