"""``recording-rule-missing``."""

from __future__ import annotations

from tests.lint.support import assert_clean, assert_fault, catalogue, dashboard, panel, rule_file

RULE = "recording-rule-missing"


def files(expr):
    return {"rules.yaml": rule_file("record", "up"), "shop.json": dashboard(panel(expr))}


def test_a_slip_in_the_name():
    finding = assert_fault(rule=RULE, files=files("sum(shop:sale:rate5m)"), at="shop:sale:rate5m")
    assert finding.severity.value == "error"
    assert "shop:sales:rate5m" in finding.remedy
    assert finding.file == "shop.json"


def test_a_rule_that_is_not_there():
    finding = assert_fault(rule=RULE, files=files("plan:payments:increase1h"), at="plan:payments:increase1h")
    assert finding.severity.value == "warning"


def test_in_an_alert():
    text = """
groups:
  - name: shop
    rules:
      - {record: "shop:sales:rate5m", expr: up}
      - {alert: Quiet, expr: "shop:sales:rate1m == 0"}
"""
    assert_fault(rule=RULE, rules=text, at="shop:sales:rate1m")


def test_clean():
    assert_clean(rule=RULE, files=files("shop:sales:rate5m"))
    assert_clean(rule=RULE, files=files("unknown_metric"))
    assert_clean(rule=RULE, expr="plan:payments:increase1h")
    assert_clean(rule=RULE, alert="plan:payments:increase1h == 0")
    assert_clean(rule=RULE, files=files('{__name__="shop:sales:rate5m"}'), known=catalogue())
