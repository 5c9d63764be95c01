"""``duplicate-alert``."""

from __future__ import annotations

from tests.lint.support import assert_clean, assert_fault, rule_file

RULE = "duplicate-alert"


def groups(*exprs, labels=("warning", "warning")):
    entries = "".join(
        f"""
  - name: group{number}
    rules:
      - alert: Down
        expr: '{expr}'
        labels: {{severity: {severity}}}
"""
        for number, (expr, severity) in enumerate(zip(exprs, labels, strict=True))
    )
    return f"groups:{entries}"


def test_in_two_groups():
    finding = assert_fault(rule=RULE, rules=groups("up == 0", "unknown_metric == 0"), at="/groups/1/rules/0")
    assert finding.evidence["first"] == "rules.yaml:4"
    assert finding.line == 10


def test_in_two_files():
    files = {"a.yaml": rule_file("alert", "up == 0"), "b.yaml": rule_file("alert", "up == 0")}
    assert assert_fault(rule=RULE, files=files).file == "b.yaml"


def test_clean():
    assert_clean(rule=RULE, rules=groups("up == 0", "up == 0", labels=("warning", "critical")))
    assert_clean(rule=RULE, rules=groups('up{job="shop"} == 0', 'up{job="till"} == 0'))
    assert_clean(rule=RULE, rules=groups('up{job="shop"} == 0', "absent(unknown_metric)"))
    assert_clean(rule=RULE, alert="up == 0")
