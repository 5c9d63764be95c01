"""``absent-needs-labels``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "absent-needs-labels"


@pytest.mark.parametrize(
    ("expr", "at", "remedy"),
    [
        (
            'absent(up{job=~"shop|till"})',
            'job=~"shop|till"',
            'absent(…{job="shop"}) or absent(…{job="till"})',
        ),
        ('absent_over_time(up{job=~"shop|till"}[5m])', 'job=~"shop|till"', "absent_over_time"),
        ("absent(sum by (job) (up))", "by (job)", 'job="…"'),
    ],
)
def test_absent_of_several(expr, at, remedy):
    finding = assert_fault(rule=RULE, alert=expr, at=at)
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    "expr",
    [
        "absent(up)",
        'absent(up{job="shop"})',
        'absent(up{job=~"shop.*"})',
        'absent(up{job!~"shop|till"})',
        "absent(sum(up))",
        "absent(up",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, alert=expr)
