"""``refresh-too-fast``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "refresh-too-fast"


@pytest.mark.parametrize(
    ("refresh", "severity"),
    [
        ("5s", Severity.WARNING),
        ("10s", Severity.INFO),
        ("soon", Severity.WARNING),
        ("30 sec", Severity.WARNING),
    ],
)
def test_faster_than_the_scrapes_or_no_duration(refresh, severity):
    finding = assert_fault(rule=RULE, dashboard=dashboard(panel("up"), refresh=refresh), at="/refresh")
    assert finding.severity is severity


def test_the_scrape_interval_is_that_of_the_settings():
    written = dashboard(panel("up"), refresh="30s")
    assert_fault(rule=RULE, dashboard=written, scrape_interval_seconds=60.0)
    assert_clean(rule=RULE, dashboard=dashboard(panel("up"), refresh="5s"), scrape_interval_seconds=5.0)


def test_in_version_2():
    written = to_v2(dashboard(panel("up"), refresh="1s"))
    assert_fault(rule=RULE, dashboard=written, at="/spec/timeSettings/autoRefresh")


@pytest.mark.parametrize("refresh", ["15s", "1m", "", False, None, "auto"])
def test_clean(refresh):
    assert_clean(rule=RULE, dashboard=dashboard(panel("up"), refresh=refresh))


def test_a_dashboard_without_prometheus():
    assert_clean(rule=RULE, dashboard=dashboard(refresh="5s"))
