"""``unit-contradicts-query``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "unit-contradicts-query"
UNIT = "/panels/0/fieldConfig/defaults/unit"
CENTS = "sum(rsolv_billing_invoice_paid_amount_cents_sum)"
P95 = "histogram_quantile(0.95, sum by (le) (rate(rsolv_billing_payment_processed_duration_milliseconds_bucket[5m])))"
RATE = "sum(rate(rsolv_billing_invoice_paid_total[5m]))"
RATIO = "sum(rsolv_billing_active_subscriptions{plan='pro'}) / sum(rsolv_billing_active_subscriptions)"
DISK = from_exposition(
    '# TYPE sent_bytes_total counter\nsent_bytes_total{device="a"} 1\n'
    "# TYPE cpu_seconds_total counter\ncpu_seconds_total 1\n"
)


def shown(expr, unit, **fields):
    return panel(expr, fieldConfig={"defaults": {"unit": unit}, "overrides": []}, **fields)


@pytest.mark.parametrize(
    ("expr", "unit", "words"),
    [
        (CENTS, "currencyUSD", "divide the query by 100"),
        (P95, "s", "ms"),
        (RATIO, "percent", "multiply the query by 100"),
        (f"100 * {RATIO}", "percentunit", "divide the query by 100"),
        ("sum(increase(rsolv_billing_invoice_paid_total[5m]))", "reqps", "short"),
        (P95, "currencyUSD", "ms"),
    ],
)
def test_a_wrong_number(expr, unit, words):
    finding = assert_fault(rule=RULE, panel=shown(expr, unit), at=UNIT)
    assert finding.severity is Severity.ERROR
    assert words in finding.remedy
    assert finding.span == (0, len(expr))


def test_bytes_are_no_bits():
    finding = assert_fault(rule=RULE, panel=shown("rate(sent_bytes_total[5m])", "bps"), known=DISK)
    assert finding.severity is Severity.ERROR


def test_only_the_per_second_is_missing():
    finding = assert_fault(rule=RULE, panel=shown("rate(sent_bytes_total[5m])", "bytes"), known=DISK)
    assert finding.severity is Severity.WARNING


def test_an_override_for_the_query():
    override = {
        "matcher": {"id": "byFrameRefID", "options": "A"},
        "properties": [{"id": "unit", "value": "s"}],
    }
    config = {"defaults": {"unit": "ms"}, "overrides": [override]}
    assert_fault(
        rule=RULE,
        panel=panel(P95, fieldConfig=config),
        at="/panels/0/fieldConfig/overrides/0/properties/0/value",
    )


@pytest.mark.parametrize(
    "fields",
    [
        shown(f"{CENTS} / 100", "currencyUSD"),
        shown(P95, "ms"),
        shown(f"{P95} / 1000", "s"),
        shown(RATIO, "percentunit"),
        shown(RATE, "reqps"),
        shown(f"60 * {RATE}", "cpm"),
        shown(CENTS, "suffix:apples"),
        shown("nobody_knows / 100", "currencyUSD"),
        shown(CENTS, "currencyUSD", type="stat", options={"reduceOptions": {"calcs": ["count"]}}),
        {**shown(CENTS, "currencyUSD"), "targets": [target(CENTS, hide=True), target("up", refId="B")]},
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


def test_seconds_in_each_second():
    assert_clean(rule=RULE, panel=shown("rate(cpu_seconds_total[5m])", "s"), known=DISK)
    assert_clean(rule=RULE, panel=shown("rate(cpu_seconds_total[5m])", "percentunit"), known=DISK)
