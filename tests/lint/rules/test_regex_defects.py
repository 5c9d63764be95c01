"""``regex-defects``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault

RULE = "regex-defects"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ('up{instance=~"shop.example.*"}', "."),
        ('up{job=~"a|b|"}', "|"),
        ('up{job!~"a||b"}', "||"),
        ('sum({__name__=~".+"})', '__name__=~".+"'),
        ('count({__name__=~".*", job="a"})', '__name__=~".*"'),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        'up{instance=~"shop[.]example.*"}',
        'up{instance=~"shop\\\\.example"}',
        'up{code=~"5.."}',
        'up{job=~"a|b"}',
        'up{job=~"$job"}',
        '{__name__=~"shop_.+"}',
        'up{instance="shop.example"}',
        'up{job=~".+"}',
        '{__name__!~".+", job="a"}',
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_a_dot_hidden_by_an_escape_is_found_in_the_whole_value():
    assert_fault(rule=RULE, expr='up{instance=~"\\\\d+shop.example"}', at='"\\\\d+shop.example"')


def test_reading_everything_weighs_more():
    assert assert_fault(rule=RULE, expr='sum({__name__=~".+"})').severity is Severity.WARNING
    assert assert_fault(rule=RULE, expr='up{job=~"a|"}').severity is Severity.INFO
