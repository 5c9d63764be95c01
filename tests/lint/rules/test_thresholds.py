"""``thresholds``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, panel

RULE = "thresholds"
PAID = "rsolv_billing_payment_processed_total"
SHARE = f"sum({PAID}{{status='failed'}}) / sum({PAID})"


def steps(*values, mode="absolute"):
    return {"mode": mode, "steps": [{"color": "green", "value": value} for value in values]}


def shown(kind, expr="load", **defaults):
    return panel(expr, type=kind, fieldConfig={"defaults": defaults, "overrides": []})


SCALE = {"min": 0, "max": 100}


@pytest.mark.parametrize("values", [(None, 90, 80), (None, 90, 90), (None, 10, None)])
def test_steps_that_do_not_rise(values):
    finding = assert_fault(
        rule=RULE,
        panel=shown("stat", thresholds=steps(*values)),
        at="/panels/0/fieldConfig/defaults/thresholds/steps/2/value",
    )
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(("given", "missing"), [({}, "max"), ({"min": 0}, "max"), ({"max": 100}, "min")])
def test_a_gauge_without_an_end(given, missing):
    assert_fault(
        rule=RULE,
        panel=shown("gauge", thresholds=steps(None, 80), **given),
        at=f"/panels/0/fieldConfig/defaults/{missing}",
    )


def test_a_gauge_that_ends_where_it_begins():
    assert_fault(rule=RULE, panel=shown("gauge", thresholds=steps(None), min=100, max=100))


@pytest.mark.parametrize(("kind", "defaults"), [("gauge", SCALE), ("stat", {})])
def test_no_thresholds(kind, defaults):
    finding = assert_fault(
        rule=RULE, panel=shown(kind, **defaults), at="/panels/0/fieldConfig/defaults/thresholds"
    )
    assert finding.severity is Severity.INFO


def test_a_threshold_that_no_value_reaches():
    finding = assert_fault(
        rule=RULE,
        panel=shown("stat", SHARE, thresholds=steps(None, 5, 10), unit="percentunit"),
        at="/panels/0/fieldConfig/defaults/thresholds/steps/1/value",
    )
    assert finding.evidence["highest"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        shown("gauge", thresholds=steps(None, 80, 90), **SCALE),
        shown("stat", thresholds=steps(None)),
        shown("stat", thresholds=steps(None, -10, 0)),
        shown("stat", color={"mode": "fixed", "fixedColor": "blue"}),
        shown("stat", SHARE, thresholds=steps(None, 0.05, 0.1)),
        shown("stat", f"100 * {SHARE}", thresholds=steps(None, 5, 10)),
        shown("stat", SHARE, thresholds=steps(None, 50, mode="percentage")),
        shown("timeseries"),
        {**shown("gauge", thresholds=steps(None)), "targets": []},
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


def test_an_override_gives_the_scale():
    override = {"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "max", "value": 5}]}
    config = {"defaults": {"min": 0, "thresholds": steps(None)}, "overrides": [override]}
    assert_clean(rule=RULE, panel=panel("up", type="gauge", fieldConfig=config))
