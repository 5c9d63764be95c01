"""``panel-without-query``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, findings, target

RULE = "panel-without-query"


@pytest.mark.parametrize("kind", ["timeseries", "stat", "table", "piechart"])
def test_no_query(kind):
    assert_fault(rule=RULE, panel={"type": kind, "targets": []}, at="/panels/0/targets")


def test_all_hidden():
    targets = [target("up", hide=True), target("up", refId="B", hide=True)]
    finding = assert_fault(rule=RULE, panel={"targets": targets}, at="/panels/0/targets")
    assert "hidden" in finding.message


@pytest.mark.parametrize("expr", ["", "  "])
def test_an_empty_query(expr):
    finding = assert_fault(rule=RULE, panel={"targets": [target(expr)]}, at="/panels/0/targets/0/expr")
    assert finding.severity is Severity.ERROR


def test_an_empty_query_beside_another():
    targets = [target("up"), target("", refId="B")]
    finding = assert_fault(rule=RULE, panel={"targets": targets}, at="/panels/0/targets/1/expr")
    assert finding.severity is Severity.WARNING
    assert finding.ref_id == "B"


@pytest.mark.parametrize("kind", ["text", "row", "dashlist", "news", "canvas", "acme-wheel-panel"])
def test_what_needs_no_query(kind):
    assert not findings(rule=RULE, panel={"type": kind, "targets": []})


def test_clean():
    assert_clean(rule=RULE, panel={"targets": [target("up", hide=True), target("up", refId="B")]})
    assert_clean(rule=RULE, panel={"targets": [target("up"), target("", refId="B", hide=True)]})
    loki = {"refId": "A", "datasource": {"type": "loki", "uid": "logs"}, "expr": ""}
    assert_clean(rule=RULE, panel={"targets": [loki]})
    assert_clean(rule=RULE, panel={"targets": [], "libraryPanel": {"uid": "a", "name": "A"}})
