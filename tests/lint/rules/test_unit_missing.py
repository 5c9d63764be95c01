"""``unit-missing``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from staging_validation.lint.knowledge import from_exposition
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, target

RULE = "unit-missing"
UNIT = "/panels/0/fieldConfig/defaults/unit"
DOLLARS = "sum(rsolv_billing_invoice_paid_amount_cents_sum) / 100"
P95 = "histogram_quantile(0.95, sum by (le) (rate(rsolv_billing_payment_processed_duration_milliseconds_bucket[5m])))"
RATE = "sum(rate(rsolv_billing_invoice_paid_total[5m]))"
PAID = "rsolv_billing_payment_processed_total"
RATIO = f"sum(rate({PAID}{{status='failed'}}[5m])) / sum(rate({PAID}[5m]))"


def shown(expr, unit=None, **fields):
    defaults = {} if unit is None else {"unit": unit}
    return panel(expr, fieldConfig={"defaults": defaults, "overrides": []}, **fields)


@pytest.mark.parametrize(
    ("expr", "suggestion"),
    [(DOLLARS, "currencyUSD"), (P95, "ms"), (RATE, "events/s"), (RATIO, "percentunit")],
)
def test_a_unit_is_known_but_not_shown(expr, suggestion):
    finding = assert_fault(rule=RULE, panel=shown(expr), at=UNIT)
    assert finding.severity is Severity.WARNING
    assert suggestion in finding.remedy


@pytest.mark.parametrize("unit", ["short", "none", ""])
def test_a_unit_that_says_nothing(unit):
    assert_fault(rule=RULE, panel=shown(P95, unit), at=UNIT)


def test_a_ratio_that_somebody_chose_to_show_as_a_number():
    assert assert_fault(rule=RULE, panel=shown(RATIO, "none")).severity is Severity.INFO


def test_so_many_of_one_thing_for_each_of_another():
    expr = f"sum(rate({PAID}[5m])) / sum(rate(rsolv_billing_invoice_paid_total[5m]))"
    assert assert_fault(rule=RULE, panel=shown(expr)).severity is Severity.INFO


def test_the_place_in_version_2():
    assert assert_fault(rule=RULE, dashboard=to_v2(dashboard(shown(P95)))).pointer.endswith("/defaults/unit")


@pytest.mark.parametrize(
    "fields",
    [
        shown(P95, "ms"),
        shown("sum(rsolv_billing_active_subscriptions)"),
        shown("sum(increase(rsolv_billing_invoice_paid_total[5m]))", "short"),
        shown("nobody_knows"),
        shown(P95, type="text"),
        shown(P95, type="stat", options={"reduceOptions": {"calcs": ["count"]}}),
        shown(P95, transformations=[{"id": "calculateField", "options": {}}]),
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


def test_an_override_sets_it():
    override = {"matcher": {"id": "byName", "options": "p95"}, "properties": [{"id": "unit", "value": "ms"}]}
    config = {"defaults": {}, "overrides": [override]}
    assert_clean(rule=RULE, panel={"targets": [target(P95, legendFormat="p95")], "fieldConfig": config})
    assert_fault(
        rule=RULE, panel={"targets": [target(P95, legendFormat="p50")], "fieldConfig": config}, at=UNIT
    )


def test_cores_in_use_are_a_bare_number():
    known = from_exposition('# TYPE cpu_seconds_total counter\ncpu_seconds_total{mode="user"} 1\n')
    assert_clean(rule=RULE, panel=shown("sum(rate(cpu_seconds_total[5m]))", "short"), known=known)
