"""``all-value-matches-missing``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, assert_fault, catalogue, dashboard, panel, variable

RULE = "all-value-matches-missing"

PLACE = "/templating/list/1/allValue"
SALES = """\
# TYPE sales_total counter
sales_total{plan="pro",shop="a"} 1
sales_total{shop="b"} 1
"""


def content(all_value, expr='sum(sales_total{plan=~"$plan"})', **fields):
    return dashboard(
        panel(expr), variables=[variable(**{"includeAll": True, "allValue": all_value, **fields})]
    )


@pytest.mark.parametrize("all_value", [".*", "^.*$", "|pro", "(pro)?"])
def test_a_metric_has_series_without_the_label(all_value):
    finding = assert_fault(rule=RULE, dashboard=content(all_value), at=PLACE, known=from_exposition(SALES))
    assert finding.severity is Severity.WARNING
    assert "plan" in finding.message


@pytest.mark.parametrize(
    ("expr", "known"),
    [
        ('rsolv_billing_active_subscriptions{plan=~"$plan"}', catalogue()),
        ('rsolv_billing_active_subscriptions{plan=~"$plan"}', None),
        ('sales_total{shop=~"$plan"}', from_exposition(SALES)),
    ],
)
def test_nobody_is_known_to_lack_it(expr, known):
    finding = assert_fault(rule=RULE, dashboard=content(".*", expr), at=PLACE, known=known)
    assert finding.severity is Severity.INFO


def test_no_regular_expression():
    finding = assert_fault(rule=RULE, dashboard=content("*"), at=PLACE)
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize(
    "written",
    [
        content(".+"),
        content(None),
        content(""),
        content("pro|trial"),
        content(".*", expr="up"),
        content(".*", expr='up{plan="$plan"}'),
        content(".*", includeAll=False),
    ],
)
def test_clean(written):
    assert_clean(rule=RULE, dashboard=written, known=from_exposition(SALES))
