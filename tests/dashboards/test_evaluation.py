"""Every target must answer, with data, with numbers: each way to fail is brought about on purpose."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from staging_validation.dashboards import evaluate_dashboard
from staging_validation.errors import CheckFailedError, ServiceUnreachableError
from staging_validation.results import Outcome, Severity
from staging_validation.telemetry import Sample

GOOD = Sample("", {"plan": "pro"}, 1.5)


def answer(*samples):
    return lambda expr: list(samples)


def only(results):
    (result,) = results
    return result


def test_a_good_target_passes(build):
    result = only(evaluate_dashboard(build("up[$__range]"), answer(GOOD)))
    assert result.outcome is Outcome.PASSED
    assert result.id == "dashboard.shop.panel_1_a"
    assert result.where == "shop.json#/panels/0"
    assert result.severity is Severity.ERROR
    assert result.evidence == {
        "query": "up[21600s]",
        "series": 1,
        "values": [{"series": '{plan="pro"}', "value": 1.5}],
    }


def test_no_data_fails(build):
    result = only(evaluate_dashboard(build("up"), answer()))
    assert (result.outcome, result.actual) == (Outcome.FAILED, "no data")
    assert "check that the query's metrics" in result.remedy


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_fails_and_is_shown_first(build, value):
    many = [GOOD] * 9
    result = only(evaluate_dashboard(build("up"), answer(*many, replace(GOOD, value=value))))
    assert (result.outcome, result.actual) == (Outcome.FAILED, "1 of 10 series are NaN or infinite")
    assert result.evidence["values"][0]["value"] == str(value)
    assert len(result.evidence["values"]) == 5
    json.loads(result.model_dump_json(), parse_constant=pytest.fail)


def test_a_query_that_prometheus_rejects_fails(build):
    def reject(expr):
        raise CheckFailedError(
            f"Prometheus rejects the query {expr!r}: parse error", remedy="correct the query"
        )

    result = only(evaluate_dashboard(build("rate("), reject))
    assert result.outcome is Outcome.FAILED
    assert "parse error" in result.actual
    assert result.evidence["query"] == "rate("


def test_an_unreachable_prometheus_is_an_error_and_no_finding(build):
    def dead(expr):
        raise ServiceUnreachableError("Prometheus", "cannot be reached.")

    result = only(evaluate_dashboard(build("up"), dead))
    assert result.outcome is Outcome.ERRORED
    assert result.actual == "Prometheus: cannot be reached."


def test_a_variable_that_is_not_defined_fails(build):
    result = only(evaluate_dashboard(build('up{a="$b"}'), answer(GOOD)))
    assert result.outcome is Outcome.FAILED
    assert result.evidence["query"] == 'up{a="$b"}'


@pytest.mark.parametrize("expr", ["", "  "])
def test_an_empty_query_fails(build, expr):
    result = only(evaluate_dashboard(build(expr), answer(GOOD)))
    assert (result.outcome, result.actual) == (Outcome.FAILED, "the query is empty")


def test_what_is_not_evaluated_is_skipped_with_the_reason(build, make_panel, make_target):
    dashboard = build(
        "up",
        make_panel(make_target("up", hide=True), id=2),
        make_panel(make_target("{a=1}", datasource={"type": "loki"}), id=3),
        make_panel(id=4, type="text"),
    )
    results = evaluate_dashboard(dashboard, answer(GOOD))
    assert [result.outcome for result in results] == [Outcome.PASSED, *[Outcome.SKIPPED] * 3]
    reasons = [result.evidence["reason"] for result in results[1:]]
    assert reasons == [
        "the panel hides this query",
        "its data source is of type loki, not Prometheus",
        "a panel of type text has no query",
    ]


def test_a_panel_without_a_query_fails(build, make_panel):
    result = only(evaluate_dashboard(build(make_panel()), answer(GOOD)))
    assert (result.outcome, result.actual) == (Outcome.FAILED, "the panel has no query")


@pytest.mark.parametrize("panels", [[], [{"id": 1, "title": "Words", "type": "text"}]])
def test_a_dashboard_with_nothing_to_evaluate_fails(build, panels):
    result = evaluate_dashboard(build(*panels), answer(GOOD))[-1]
    assert (result.id, result.outcome) == ("dashboard.shop.evaluated", Outcome.FAILED)


def test_odd_names_make_valid_ids(build, make_panel, make_target):
    dashboard = build(make_panel(make_target("up", refId="My Query")), uid="Über.Uid")
    assert only(evaluate_dashboard(dashboard, answer(GOOD))).id == "dashboard._ber_uid.panel_1_my_query"


def test_the_shipped_dashboard_asks_fourteen_things(shipped):
    results = evaluate_dashboard(shipped, answer(GOOD))
    assert {result.outcome for result in results} == {Outcome.PASSED}
    assert len(results) == 14
    assert not any("$" in str(result.evidence.get("query")) for result in results)


@pytest.mark.parametrize("missing", [1, 2, 3, 6])
def test_a_missing_critical_panel_fails(shipped, missing):
    cut = replace(shipped, panels=tuple(panel for panel in shipped.panels if panel.id != missing))
    failed = [r for r in evaluate_dashboard(cut, answer(GOOD)) if r.outcome is Outcome.FAILED]
    assert [result.id for result in failed] == ["dashboard.billing-metrics.critical_panels"]
    assert not any(entry.startswith(f"{missing}:") for entry in failed[0].actual)


def test_what_has_no_promql_of_its_own_is_skipped_with_the_reason(build, make_panel):
    library = {"id": 1, "title": "Shared", "libraryPanel": {"uid": "l", "name": "Lib"}}
    rest = make_panel({"refId": "A", "rawSql": "select 1"}, id=2)
    results = evaluate_dashboard(build(library, rest), lambda _: [])
    assert [(result.outcome, result.evidence.get("reason")) for result in results[:2]] == [
        (Outcome.SKIPPED, "its queries are those of the library panel 'Lib'"),
        (Outcome.SKIPPED, "its data source has a query language of its own, not Prometheus"),
    ]
    assert results[2].outcome is Outcome.FAILED
