"""The hop that evidence points to; the evidence of a run that is well but for one thing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.telemetry import Sample
from staging_validation.telemetry.hops import REMEDIES, Hop, HopEvidence, name_hop, with_hop
from staging_validation.telemetry.promise import GatewayTarget, ScrapeTarget

PAID, OPEN = Sample("paid_total", {"plan": "pro"}, 2.0), Sample("open", {}, 3.0)
TARGET = ScrapeTarget("pushgateway", "http://gateway/metrics", "up", 1.0)
WELL = HopEvidence(
    expected=(PAID, OPEN),
    on_gateway=(PAID, OPEN),
    gateway=GatewayTarget(TARGET, "its address"),
    targets=2,
    in_prometheus=(PAID, OPEN),
    clock_offsets={"Prometheus (Date)": 0.4},
    newest_age_seconds=0.8,
    scraped_since_push=True,
)


def scraped(**fields):
    return GatewayTarget(replace(TARGET, **fields), "its address")


@pytest.mark.parametrize(
    ("change", "hop", "says"),
    [
        ({"refusal": "not a COUNTER"}, Hop.PUSH_REFUSED, "refused the push: not a COUNTER"),
        (
            {"gateway": scraped(health="down", last_error="connection refused")},
            Hop.NOT_SCRAPED,
            "(job pushgateway) is down: connection refused",
        ),
        ({"gateway": scraped(health="unknown")}, Hop.NOT_SCRAPED, "is unknown: it has not been scraped yet"),
        (
            {"gateway": None, "in_prometheus": (), "newest_age_seconds": None},
            Hop.NOT_SCRAPED,
            "Prometheus has 2 targets, none of them is known to be the Pushgateway",
        ),
        (
            {"gateway": None, "targets": None, "in_prometheus": (), "newest_age_seconds": None},
            Hop.NOT_SCRAPED,
            "Prometheus does not tell its targets",
        ),
        ({"other_groups": ['instance="old"']}, Hop.STALE_GROUP, 'instance="old"'),
        (
            {"on_gateway": (replace(PAID, value=9.0), OPEN)},
            Hop.WRONG_VALUE,
            'paid_total{plan="pro"}: expected 2, is 9',
        ),
        ({"on_gateway": (PAID,)}, Hop.WRONG_VALUE, "missing: open"),
        ({"on_gateway": (PAID, OPEN, Sample("more", {}, 1.0))}, Hop.WRONG_VALUE, "not pushed: more"),
        ({"on_gateway": ()}, Hop.WRONG_VALUE, "does not show the run's group any more"),
        (
            {"in_prometheus": (PAID, replace(OPEN, labels={"exported_job": "staging_validation"}))},
            Hop.RELABELLED,
            "honor_labels is not set: Prometheus holds open{exported_job=",
        ),
        ({"in_prometheus": (PAID, replace(OPEN, name="opened"))}, Hop.RELABELLED, "Prometheus holds opened,"),
        ({"renamed": (replace(OPEN, labels={"night": "run-1"}),)}, Hop.RELABELLED, 'open{night="run-1"}'),
        ({"in_prometheus": (), "unlabelled": (OPEN,)}, Hop.RELABELLED, "without any run's label"),
        ({"in_prometheus": (PAID,)}, Hop.RELABELLED, "does not hold open"),
        (
            {"clock_offsets": {"Prometheus (Date)": -3.2}},
            Hop.CLOCK_SKEW,
            "two clocks differ by 3.2 s, more than 3 s: ours is ahead of Prometheus (Date)",
        ),
        (
            {"clock_offsets": {"the Pushgateway (Date)": 2.0, "Prometheus (Date)": -2.0}},
            Hop.CLOCK_SKEW,
            "the Pushgateway (Date) is ahead of Prometheus (Date)",
        ),
        ({"newest_age_seconds": 2.1}, Hop.BEHIND, "is 2.1 s old, more than two scrapes (2 s)"),
        ({"newest_age_seconds": math.inf}, Hop.BEHIND, "no query gives a sample of it yet"),
        ({"scraped_since_push": False}, Hop.BEHIND, "has not scraped since the push"),
        ({"in_prometheus": (replace(PAID, value=1.0), OPEN)}, Hop.WRONG_VALUE, "expected 2, is 1"),
        ({}, Hop.BEHIND, "it came after the time allowed"),
        ({"unasked": ["no answer"], "on_gateway": None}, Hop.BEHIND, "(not asked: no answer)"),
    ],
)
def test_the_hop(change, hop, says):
    named = name_hop(replace(WELL, **change))
    assert named.hop is hop
    assert says in named.because
    assert named.remedy == REMEDIES[hop]


def test_clocks_within_an_interval_and_two_seconds_are_no_skew():
    assert name_hop(replace(WELL, clock_offsets={"Prometheus (Date)": 2.9})).hop is Hop.BEHIND


def test_wrong_clocks_are_named_before_the_ages_that_they_falsify():
    evidence = replace(WELL, clock_offsets={"Prometheus (Date)": -60.0}, newest_age_seconds=60.0)
    assert name_hop(evidence).hop is Hop.CLOCK_SKEW


def test_series_of_other_runs_without_label_explain_nothing_when_ours_are_there():
    evidence = replace(WELL, in_prometheus=(PAID,), unlabelled=(OPEN,))
    assert "dropped on the way in" in name_hop(evidence).because


def test_every_hop_has_a_remedy():
    assert set(REMEDIES) == set(Hop)


def test_only_a_failed_result_gets_the_hop():
    named = name_hop(replace(WELL, refusal="password=hunter2"))
    fields = {"id": "telemetry.a", "kind": Kind.TELEMETRY, "subject": "a"}
    passed = CheckResult(outcome=Outcome.PASSED, **fields)
    assert with_hop(passed, named) is passed
    failed = with_hop(CheckResult(outcome=Outcome.FAILED, evidence={"missing": ["b"]}, **fields), named)
    assert failed.evidence["hop"] == "push_refused"
    assert failed.evidence["missing"] == ["b"]
    assert "hunter2" not in failed.model_dump_json()
    assert failed.remedy == REMEDIES[Hop.PUSH_REFUSED]
