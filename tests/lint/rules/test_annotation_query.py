"""``annotation-query``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault

RULE = "annotation-query"

COUNTER = "rsolv_billing_payment_processed_total"


@pytest.mark.parametrize(
    "expr", ["count(up) >= 0", f"{COUNTER} >= 0", COUNTER, f"sum by (status) ({COUNTER})"]
)
def test_every_step_gets_a_mark(expr):
    finding = assert_fault(rule=RULE, annotation={"expr": expr}, at=expr)
    assert (finding.pointer, finding.severity) == ("/annotations/list/0/expr", Severity.ERROR)


def test_nothing_gets_a_mark():
    assert_fault(rule=RULE, annotation={"expr": " "}, at="/annotations/list/0/expr")


def test_the_query_goes_to_the_wrong_data_source():
    given = {"expr": "up == 0", "datasource": {"type": "grafana", "uid": "-- Grafana --"}}
    assert_fault(rule=RULE, annotation=given, at="/annotations/list/0/datasource")


@pytest.mark.parametrize(
    ("field", "text"),
    [("titleFormat", "{{plan}} of {{job}}"), ("textFormat", "{{ plan }}"), ("tagKeys", "job,plan")],
)
def test_a_text_shows_a_label_that_is_dropped(field, text):
    given = {"expr": "sum by (job) (changes(up[5m])) > 0", field: text}
    finding = assert_fault(rule=RULE, annotation=given, at=f"/annotations/list/0/{field}")
    assert (finding.severity, finding.evidence["label"]) == (Severity.WARNING, "plan")


def test_a_panel_that_is_not_there():
    given = {"filter": {"exclude": False, "ids": [1, 99]}}
    assert_fault(rule=RULE, annotation=given, at="/annotations/list/0/filter/ids")


@pytest.mark.parametrize(
    "given",
    [
        {"expr": "changes(process_start_time_seconds[5m]) > 0", "titleFormat": "{{instance}}"},
        {"expr": "ALERTS{alertstate='firing'}", "textFormat": "{{alertname}}"},
        {"expr": "process_start_time_seconds * 1000", "useValueForTime": True},
        {"expr": f"{COUNTER} >= 0", "useValueForTime": True},
        {"expr": "rsolv_billing_active_subscriptions"},
        {"expr": "count(up) >="},
        {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "expr": None},
        {"datasource": {"type": "grafana", "uid": "-- Grafana --"}, "expr": None, "target": {"type": "tags"}},
        {"filter": {"exclude": True, "ids": [1]}},
    ],
)
def test_clean(given):
    assert_clean(rule=RULE, annotation=given)
