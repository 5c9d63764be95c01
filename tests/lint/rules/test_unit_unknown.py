"""``unit-unknown``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault

RULE = "unit-unknown"


def shown(unit, *overrides):
    return {"fieldConfig": {"defaults": {"unit": unit}, "overrides": list(overrides)}}


@pytest.mark.parametrize(
    ("unit", "meant"),
    [
        ("currencyUsd", "currencyUSD"),
        ("percentUnit", "percentunit"),
        ("milliseconds", "ms"),
        ("%", "percent"),
        ("byte", "bytes"),
    ],
)
def test_a_unit_that_was_meant_otherwise(unit, meant):
    finding = assert_fault(rule=RULE, panel=shown(unit), at="/panels/0/fieldConfig/defaults/unit")
    assert finding.severity is Severity.WARNING
    assert f'"{meant}"' in finding.remedy


def test_a_word_of_ones_own():
    finding = assert_fault(rule=RULE, panel=shown("widgets"))
    assert finding.severity is Severity.INFO
    assert "suffix:widgets" in finding.remedy


def test_in_an_override():
    override = {
        "matcher": {"id": "byName", "options": "A"},
        "properties": [{"id": "min", "value": 0}, {"id": "unit", "value": "milisec"}],
    }
    assert_fault(
        rule=RULE,
        panel=shown("short", override),
        at="/panels/0/fieldConfig/overrides/0/properties/1/value",
    )


@pytest.mark.parametrize(
    "unit",
    ["s", "currencyUSD", "reqps", "suffix:widgets", "prefix:$", "si:kF", "time:YYYY", "", "${unit}", "µs"],
)
def test_clean(unit):
    assert_clean(rule=RULE, panel=shown(unit))
