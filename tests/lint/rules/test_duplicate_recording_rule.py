"""``duplicate-recording-rule``."""

from __future__ import annotations

from tests.lint.support import assert_clean, assert_fault, rule_file

RULE = "duplicate-recording-rule"


def files(one, other):
    return {"a.yaml": rule_file("record", one), "b.yaml": rule_file("record", other)}


def test_recorded_twice():
    finding = assert_fault(rule=RULE, files=files("sum by (job) (up)", "sum by (job) (other)"))
    assert (finding.file, finding.pointer) == ("b.yaml", "/groups/0/rules/0")
    assert_fault(rule=RULE, files=files("up", "up"))


def test_clean():
    assert_clean(rule=RULE, files=files("sum by (job) (up)", {"expr": "sum(up)", "labels": {"job": "all"}}))
    assert_clean(rule=RULE, files=files('up{job="shop"}', 'up{job="till"}'))
    assert_clean(rule=RULE, files=files("up", {"record": "shop:other:rate5m"}))
