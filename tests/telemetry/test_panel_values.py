"""What the panels must show, computed from a plan, against what a Prometheus with only this run's series answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.telemetry_monitoring import private_monitoring
from staging_validation.clients.emission import emit_run
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.source_files import read_source_file
from staging_validation.dashboards import expand_target, parse_dashboard
from staging_validation.project import include_dir
from staging_validation.results import Outcome
from staging_validation.telemetry import plan_run
from staging_validation.telemetry.panel_values import (
    PANEL_TITLES,
    Basis,
    histogram_quantile,
    panel_values,
    panel_values_evidence,
)
from staging_validation.telemetry.plan import PlannedEvent

EXTRAPOLATED = re.compile(r"(?:increase|rate)\((\w+\{[^}]*\})\[\w+\]\)")
RAW = r"(max_over_time(\1[1h]) - min_over_time(\1[1h]))"
"""The raw difference of a counter that began at zero."""


@pytest.fixture(scope="module")
def dashboard():
    file = include_dir("dashboards", "billing-metrics.json")
    return parse_dashboard(read_source_file(file, relative_to=include_dir().parent))


@pytest.fixture(scope="module")
def plan(catalogue):
    return plan_run("panels", catalogue)


@pytest.fixture(scope="module")
def prometheus(catalogue, plan) -> Iterator[PrometheusClient]:
    """A Prometheus of its own, which holds this run's series and nothing else of billing."""
    with private_monitoring() as place:
        results = emit_run(plan, catalogue, gateway=place.gateway, prometheus=place.prometheus)
        assert [result for result in results if result.counts_as is not Outcome.PASSED] == []
        yield place.prometheus


def query(dashboard, panel_id, ref_id):
    (panel,) = [panel for panel in dashboard.panels if panel.id == panel_id]
    (target,) = [target for target in panel.targets if target.ref_id == ref_id]
    return expand_target(target, panel, dashboard)


def values_by_query(plan, catalogue):
    values: dict[tuple[int, str, Basis], dict[tuple[str, ...], float]] = {}
    for value in panel_values(plan, catalogue):
        query = value.panel_id, value.ref_id, value.basis
        values.setdefault(query, {})[tuple(sorted(value.labels.values()))] = value.value
    return values


def test_every_query_of_the_dashboard_has_its_values(dashboard, catalogue, plan):
    assert {panel.id: panel.title for panel in dashboard.panels} == PANEL_TITLES
    queries = {(panel.id, target.ref_id) for panel in dashboard.panels for target in panel.targets}
    assert {(panel, ref) for panel, ref, _ in values_by_query(plan, catalogue)} == queries


@pytest.mark.parametrize("basis", list(Basis))
def test_prometheus_answers_the_dashboards_own_queries_with_these_values(
    dashboard, catalogue, plan, prometheus, basis
):
    checked = 0
    for (panel_id, ref_id, of), expected in values_by_query(plan, catalogue).items():
        if of is not basis:
            continue
        expr = query(dashboard, panel_id, ref_id)
        if basis is Basis.TOTAL:
            expr, replaced = EXTRAPOLATED.subn(RAW, expr)
            assert replaced
        found = {tuple(sorted(s.labels.values())): s.value for s in prometheus.query(expr)}
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), expr
        checked += len(expected)
    assert checked >= {Basis.EXACT: 7, Basis.TOTAL: 15}[basis]


def test_totals_are_what_the_panels_show_but_for_one_factor(dashboard, catalogue, plan, prometheus):
    factors = set()
    for (panel_id, ref_id, basis), expected in values_by_query(plan, catalogue).items():
        if basis is Basis.TOTAL and panel_id not in (1, 5):
            shown = prometheus.query(query(dashboard, panel_id, ref_id), at=last_sample(prometheus))
            factors |= {
                round(s.value / expected[tuple(sorted(s.labels.values()))], 9) for s in shown if s.value
            }
    assert len(factors) == 1


def last_sample(prometheus):
    (newest,) = prometheus.query('max(timestamp(push_time_seconds{validation_run="panels"}))')
    return newest.value


def test_a_plan_with_other_events_has_other_values(catalogue, plan):
    fewer = replace(plan, events=plan.events[1:])
    before, after = values_by_query(plan, catalogue), values_by_query(fewer, catalogue)
    assert before[1, "A", Basis.TOTAL]["pro", "success"] == after[1, "A", Basis.TOTAL]["pro", "success"] + 1
    assert before[8, "A", Basis.EXACT] != after[8, "A", Basis.EXACT]


def test_values_worked_out_by_hand(catalogue):
    events = [
        *[PlannedEvent("payment_processed", {"duration": 150.0}, {"status": "success"})] * 3,
        PlannedEvent("payment_processed", {"duration": 20000.0}, {"status": "failed"}),
        *[PlannedEvent("invoice_paid", {"amount_cents": 59900.0}, {"plan": "pro"})] * 2,
        PlannedEvent("invoice_paid", {"amount_cents": 50.0}, {"plan": "trial"}),
        *[PlannedEvent("invoice_failed", {}, {"failure_code": f"code_{code}"}) for code in range(12)],
        PlannedEvent("invoice_failed", {}, {"failure_code": "code_11"}),
        PlannedEvent("credits_added", {"quantity": 60.0}, {"reason": "purchased"}),
    ]
    plan = replace(plan_run("by-hand", catalogue), events=tuple(events), gauges=())
    found = values_by_query(plan, catalogue)
    assert found[2, "A", Basis.EXACT] == {(): 75.0}
    assert found[3, "A", Basis.TOTAL] == {("pro",): 1198.0, ("trial",): 0.5}
    assert found[4, "A", Basis.EXACT] == {("card",): 10000.0}
    assert found[10, "A", Basis.TOTAL] == {(): 60.0}
    assert len(found[7, "A", Basis.TOTAL]) == 10
    assert next(iter(found[7, "A", Basis.TOTAL].items())) == (("code_11",), 2.0)
    assert not {1, 5, 6, 8, 9} & {panel for panel, _, _ in found}


@pytest.mark.parametrize(
    ("quantile", "counts", "expected"),
    [
        (0.5, (0, 10, 10), 150.0),
        (0.95, (20, 20, 20), 95.0),
        (1.0, (5, 10, 10), 200.0),
        (0.5, (10, 10, 20), 100.0),
        (0.95, (0, 0, 10), 200.0),
        (0.95, (0, 0, 0), None),
    ],
)
def test_a_quantile_is_interpolated_inside_its_bucket(quantile, counts, expected):
    buckets = dict(zip((100.0, 200.0, math.inf), counts, strict=True))
    assert histogram_quantile(quantile, buckets) == expected


def test_no_buckets_have_no_quantile():
    assert histogram_quantile(0.5, {}) is None
    assert histogram_quantile(0.5, {math.inf: 3.0}) is None


@given(observed=st.lists(st.integers(0, 200), min_size=1, max_size=60), quantile=st.floats(0.01, 1.0))
def test_a_quantile_lies_in_the_bucket_of_the_observation_with_its_rank(observed, quantile):
    bounds = (50.0, 100.0, 150.0, 200.0)
    buckets = {bound: float(sum(value <= bound for value in observed)) for bound in (*bounds, math.inf)}
    nth = sorted(observed)[math.ceil(quantile * len(observed)) - 1]
    upper = next(bound for bound in bounds if nth <= bound)
    found = histogram_quantile(quantile, buckets)
    assert upper - 50 <= found <= upper


def test_the_evidence_lists_every_value(catalogue, plan):
    listed = json.loads(json.dumps(panel_values_evidence(plan, catalogue)))
    assert len(listed) == len(panel_values(plan, catalogue))
    assert {
        "panel": "2 Payment Success Rate",
        "query": "A",
        "labels": {},
        "unit": "percent",
        "basis": "exact",
    }.items() <= listed[4].items()
