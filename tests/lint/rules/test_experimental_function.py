"""``experimental-function``."""

from __future__ import annotations

import pytest

from staging_validation.clients.lint_settings import settings_for
from staging_validation.lint.config import read_config
from staging_validation.lint.registry import all_rules
from staging_validation.source_files import SourceFile
from tests.lint.support import assert_clean, assert_fault

RULE = "experimental-function"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ("mad_over_time(up[5m])", "mad_over_time"),
        ("limitk(5, up)", "limitk"),
        ("holt_winters(up[1h], 0.5, 0.5)", "holt_winters"),
        ('sort_by_label(up, "job")', "sort_by_label"),
        ("ts_of_max_over_time(up[5m])", "ts_of_max_over_time"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        "rate(up[5m])",
        "last_over_time(up[5m])",
        "topk(5, up)",
        "clamp(up, 0, 1)",
        "histogram_avg(rate(wait_seconds[5m]))",
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


@pytest.mark.parametrize(
    ("expr", "version", "said"),
    [
        ("holt_winters(up[1h], 0.5, 0.5)", (3, 0), "is gone since Prometheus 3.0"),
        ("double_exponential_smoothing(up[1h], 0.5, 0.5)", (2, 53), "is new in Prometheus 3.0"),
        ("double_exponential_smoothing(up[1h], 0.5, 0.5)", (3, 0), "is experimental"),
        ("last_over_time(up[5m])", (2, 25), "is new in Prometheus 2.26"),
    ],
)
def test_the_targeted_prometheus_decides(expr, version, said):
    assert said in assert_fault(rule=RULE, expr=expr, target_prometheus=version).message


def test_the_configuration_says_which_it_is():
    config = read_config(SourceFile("lint.yaml", 'prometheus: "2.53"\nretention: 15d'), all_rules())
    settings = settings_for(config)
    assert (settings.target_prometheus, settings.retention_seconds) == ((2, 53), 15 * 86_400)


def test_an_older_prometheus_has_what_is_gone():
    assert_clean(rule=RULE, expr="holt_winters(up[1h], 0.5, 0.5)", target_prometheus=(2, 53))
