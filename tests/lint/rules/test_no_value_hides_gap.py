"""``no-value-hides-gap``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, panel

RULE = "no-value-hides-gap"
PAID = "rsolv_billing_payment_processed_total"
RATIO = f"sum({PAID}{{status='failed'}}) / sum({PAID})"


def shown(expr="up", **defaults):
    return panel(expr, type="stat", fieldConfig={"defaults": {"unit": "short", **defaults}, "overrides": []})


@pytest.mark.parametrize("text", ["0", "0%", "100 %", "$0.00", "OK", "healthy", "12ms"])
def test_a_missing_value_that_looks_healthy(text):
    finding = assert_fault(rule=RULE, panel=shown(noValue=text), at="/panels/0/fieldConfig/defaults/noValue")
    assert text in finding.message


def test_a_mapping_of_nothing():
    mapping = {"type": "special", "options": {"match": "null+nan", "result": {"text": "0"}}}
    assert_fault(
        rule=RULE,
        panel=shown(mappings=[mapping]),
        at="/panels/0/fieldConfig/defaults/mappings/0/options/result/text",
    )


def test_decimals_that_cut_off_a_ratio():
    assert_fault(rule=RULE, panel=shown(RATIO, decimals=0), at="/panels/0/fieldConfig/defaults/decimals")


@pytest.mark.parametrize(
    "fields",
    [
        shown(noValue="no data"),
        shown(noValue="-"),
        shown("count(up == 0)", noValue="0"),
        shown('ALERTS{alertstate="firing"}', noValue="0"),
        shown(RATIO, decimals=0, unit="percentunit"),
        shown(RATIO, decimals=2),
        shown(f"sum({PAID}) / sum(rsolv_billing_invoice_paid_total)", decimals=0),
        shown("up", decimals=0),
        shown(mappings=[{"type": "value", "options": {"0": {"text": "OK"}}}]),
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)
