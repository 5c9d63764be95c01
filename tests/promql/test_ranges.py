"""Between which numbers values lie, and which conditions can never or always be true."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_validation.promql import intervals
from staging_validation.promql.intervals import Interval
from staging_validation.promql.known import STAND_IN_NUMBER, KnownMetric, KnownMetrics, MetricKind
from staging_validation.promql.parser import parse
from staging_validation.promql.ranges import Truth, can_be_true, infer_range, ranges_everywhere
from staging_validation.promql.tree import Binary

INF = math.inf
KNOWN = KnownMetrics(
    [
        KnownMetric("paid_total", MetricKind.COUNTER),
        KnownMetric("wait_ms", MetricKind.HISTOGRAM, buckets=(50.0, 1000.0)),
        KnownMetric("degrees", MetricKind.GAUGE),
    ]
)


@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [
        ("paid_total", 0, INF),
        ("wait_ms_sum", 0, INF),
        ("degrees", -INF, INF),
        ("nobody_has_this", -INF, INF),
        ("up", 0, 1),
        ("3", 3, 3),
        ("-3", -3, -3),
        ("2 + 3 * 4", 14, 14),
        ("rate(paid_total[5m])", 0, INF),
        ("rate(degrees[5m])", -INF, INF),
        ("delta(paid_total[5m])", -INF, INF),
        ("sum(rate(nobody_has_this_total[5m]))", 0, INF),
        ("count(degrees)", 1, INF),
        ("sum(up)", 0, INF),
        ("avg(up)", 0, 1),
        ("quantile(0.5, up)", 0, 1),
        ("quantile(2, up)", -INF, INF),
        ("stddev(degrees)", 0, INF),
        ("histogram_quantile(0.9, sum by (le) (rate(wait_ms_bucket[5m])))", 0, 1000),
        ("histogram_quantile(1.5, sum by (le) (rate(wait_ms_bucket[5m])))", -INF, INF),
        ("histogram_quantile(0.9, nobody_has_this_bucket)", -INF, INF),
        ("clamp(degrees, 1, 5)", 1, 5),
        ("clamp_min(degrees, 1)", 1, INF),
        ("clamp_max(paid_total, 5)", 0, 5),
        (f"clamp_max(paid_total, {STAND_IN_NUMBER})", -INF, INF),
        ("absent(paid_total)", 1, 1),
        ("degrees > bool 3", 0, 1),
        ("degrees > 3", 3, INF),
        ("3 > degrees", -INF, 3),
        ("degrees > 3 < 7", 3, 7),
        ("up and degrees", 0, 1),
        ("up or vector(5)", 0, 5),
        ("1 - up", 0, 1),
        ("100 * up", 0, 100),
        ("paid_total / 100", 0, INF),
        ("abs(degrees)", 0, INF),
        ("abs(up - 3)", 2, 3),
        ("floor(up / 2)", 0, 0),
        ("hour()", 0, 23),
        ("hour() - 24", -24, -1),
        ("up % 7", 0, 7),
        ("degrees ^ 2", 0, INF),
        ("max_over_time(up[1h])", 0, 1),
        ("sum_over_time(up[1h])", 0, INF),
        ("time()", 0, INF),
    ],
)
def test_intervals(text, lowest, highest):
    found = infer_range(parse(text), KNOWN)
    assert (found.lowest, found.highest) == (lowest, highest)


PART, WHOLE = 'sum(rate(a_total{x="1", y="2"}[5m]))', 'sum(rate(a_total{y="2"}[5m]))'


@pytest.mark.parametrize(
    ("text", "highest"),
    [
        (f"{PART} / {WHOLE}", 1),
        (f"100 * {PART} / {WHOLE}", 100),
        (f"100 * ({PART} or vector(0)) / ({WHOLE} > 0)", 100),
        (f"{PART} / clamp_min({WHOLE}, 1)", 1),
        ('sum by (p) (rate(a_total{x="1"}[5m])) / sum by (p) (rate(a_total[5m]))', 1),
        ('sum by (p, x) (rate(a_total{x="1"}[5m])) / on (p) group_left sum by (p) (rate(a_total[5m]))', 1),
        ('rate(a_total{x="1"}[5m]) / rate(a_total[5m])', 1),
        ("count(degrees > 30) / count(degrees)", 1),
        ('sum(rate(wait_ms_bucket{le="50"}[5m])) / sum(rate(wait_ms_count[5m]))', 1),
        ('sum(rate(wait_ms_bucket{le="50"}[5m])) / sum(rate(wait_ms_bucket{le="+Inf"}[5m]))', 1),
        (f"{WHOLE} / {PART}", INF),
        (f"{PART} / {WHOLE.replace('a_', 'b_')}", INF),
        (f"{PART} / {WHOLE.replace('5m', '1h')}", INF),
        (f"{PART} / {WHOLE.replace(']', '] offset 1d')}", INF),
        (f"{PART} / {WHOLE.replace('rate', 'increase')}", INF),
        ('sum by (p) (rate(a_total{x="1"}[5m])) / sum by (q) (rate(a_total[5m]))', INF),
        ('sum without (p) (rate(a_total{x="1"}[5m])) / sum without (p) (rate(a_total[5m]))', 1),
        ('avg(rate(a_total{x="1"}[5m])) / avg(rate(a_total[5m]))', INF),
        ('degrees{x="1"} / degrees', INF),
    ],
)
def test_a_part_of_a_whole_lies_between_nothing_and_all(text, highest):
    assert infer_range(parse(text), KNOWN).highest == highest


@pytest.mark.parametrize(
    ("text", "nan", "zero"),
    [
        (f"{PART} / {WHOLE}", True, True),
        (f"{PART} / ({WHOLE} > 0)", False, False),
        (f"{PART} / ({WHOLE} != 0)", False, False),
        (f"{PART} / clamp_min({WHOLE}, 1)", False, False),
        ("paid_total / count(paid_total)", False, False),
        ("paid_total / 0", True, True),
        ("paid_total / 60", False, False),
    ],
)
def test_a_divisor_that_may_be_zero_makes_nan(text, nan, zero):
    tree = parse(text)
    assert isinstance(tree, Binary)
    everywhere = ranges_everywhere(tree, KNOWN)
    assert everywhere.whole.nan is nan
    assert everywhere.of(tree.right).may_be_zero is zero


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("paid_total < 0", Truth.NEVER),
        ("paid_total >= 0", Truth.ALWAYS),
        ("0 <= paid_total", Truth.ALWAYS),
        ("paid_total > 0", Truth.MAYBE),
        ("paid_total == -1", Truth.NEVER),
        ("paid_total != -1", Truth.ALWAYS),
        ("paid_total == 5", Truth.MAYBE),
        ("degrees > 5", Truth.MAYBE),
        ("up > 1", Truth.NEVER),
        ("up == 2", Truth.NEVER),
        ("up <= 1", Truth.ALWAYS),
        ("count(degrees) == 0", Truth.NEVER),
        ("absent(degrees) == 1", Truth.MAYBE),
        ("absent(degrees)", Truth.MAYBE),
        (f"{PART} / {WHOLE} > 1", Truth.NEVER),
        (f"{PART} / {WHOLE} >= 1", Truth.MAYBE),
        (f"{PART} / {WHOLE} >= 0", Truth.MAYBE),  # NaN, when nothing came
        (f"{PART} / {WHOLE} > 10", Truth.NEVER),
        (f"100 * {PART} / {WHOLE} > 10", Truth.MAYBE),
        ("histogram_quantile(0.95, sum by (le) (rate(wait_ms_bucket[5m]))) > 1000", Truth.NEVER),
        ("histogram_quantile(0.95, sum by (le) (rate(wait_ms_bucket[5m]))) > 999", Truth.MAYBE),
        ("degrees > 5 < 3", Truth.NEVER),
        ("degrees > 0 == 0", Truth.NEVER),
        ("degrees > 5 and paid_total < 0", Truth.NEVER),
        ("degrees > 5 or paid_total < 0", Truth.MAYBE),
        ("degrees > 5 or paid_total >= 0", Truth.ALWAYS),
        ("paid_total < 0 or paid_total < -1", Truth.NEVER),
        ("paid_total >= 0 and paid_total >= -1", Truth.ALWAYS),
        ("paid_total < 0 unless degrees", Truth.NEVER),
        ("paid_total >= 0 unless degrees", Truth.MAYBE),
        ("(degrees > 30) >= 0", Truth.MAYBE),
        ("degrees > bool 5", Truth.MAYBE),
        ("paid_total", Truth.ALWAYS),
        ("rate(paid_total[5m])", Truth.ALWAYS),
        ("vector(1)", Truth.ALWAYS),
        ("nobody_has_this", Truth.MAYBE),
        ('ALERTS{alertname="A"}', Truth.MAYBE),
        (f"paid_total > {STAND_IN_NUMBER}", Truth.MAYBE),
        ("hour() > 23", Truth.NEVER),
    ],
)
def test_conditions_that_are_never_or_always_true(text, truth):
    condition = can_be_true(parse(text), KNOWN)
    assert condition.truth is truth
    assert bool(condition.because) is (truth is not Truth.MAYBE)


def test_the_reason_is_told():
    assert can_be_true(parse("up > 1"), KNOWN).because == "a value from 0 to 1 > 1 is never true."


numbers = st.integers(-6, 6).map(float)


@st.composite
def interval_with_member(draw):
    low, value, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
    return Interval(draw(st.sampled_from([low, -INF])), draw(st.sampled_from([high, INF]))), value


OPERATIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "remainder": math.fmod,
}


@given(interval_with_member(), interval_with_member(), st.sampled_from(sorted(OPERATIONS)))
def test_a_result_lies_in_the_intervals_result(one, other, operation):
    left, a = one
    right, b = other
    result = getattr(intervals, operation)(left, right)
    if operation in ("divide", "remainder") and b == 0:
        assert result.nan or result.infinite
        return
    value = OPERATIONS[operation](a, b)
    assert result.lowest <= value <= result.highest
    assert value != 0 or result.may_be_zero


@given(interval_with_member(), interval_with_member(), st.sampled_from([">", ">=", "<", "<=", "==", "!="]))
def test_what_passes_a_comparison_lies_in_the_narrowed_interval(one, other, operator):
    left, a = one
    right, b = other
    passes = {">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b, "==": a == b, "!=": a != b}[operator]
    result = intervals.narrowed(left, operator, right)
    if passes:
        assert result.lowest <= a <= result.highest
        assert a != 0 or result.may_be_zero


@given(interval_with_member(), numbers, numbers)
def test_clamping_and_joining_lose_nothing(one, low, high):
    interval, value = one
    clamped = intervals.clamp(interval, low, high)
    if low <= high:
        assert clamped.lowest <= min(max(value, low), high) <= clamped.highest
    joined = intervals.hull(interval, intervals.exactly(low))
    assert all(joined.lowest <= found <= joined.highest for found in (value, low))


def test_the_corners_are_all_seen():
    for low, high in product((-2.0, 3.0), repeat=2):
        if low <= high:
            assert intervals.negated(Interval(low, high)) == Interval(-high, -low)
