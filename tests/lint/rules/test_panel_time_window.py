"""``panel-time-window``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "panel-time-window"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"timeFrom": "20s"}, "timeFrom"),
        ({"timeFrom": "yesterday"}, "timeFrom"),
        ({"timeFrom": "24"}, "timeFrom"),
        ({"timeShift": "a week"}, "timeShift"),
        ({"interval": "12h"}, "interval"),
        ({"interval": "1h", "timeFrom": "30m"}, "interval"),
        ({"interval": "five"}, "interval"),
        ({"maxDataPoints": 1}, "maxDataPoints"),
        ({"maxDataPoints": 2}, "maxDataPoints"),
    ],
)
def test_too_little_to_see(fields, place):
    assert_fault(rule=RULE, panel=fields, at=f"/panels/0/{place}")


def test_it_depends_on_the_scrape_interval():
    assert_fault(rule=RULE, panel={"timeFrom": "1m"}, scrape_interval_seconds=60)
    assert_clean(rule=RULE, panel={"timeFrom": "1m"}, scrape_interval_seconds=15)


def test_the_place_in_version_2():
    content = to_v2(dashboard(panel("up", timeFrom="20s")))
    assert assert_fault(rule=RULE, dashboard=content).pointer.endswith("/queryOptions/timeFrom")


@pytest.mark.parametrize(
    "fields",
    [
        {"timeFrom": "24h", "timeShift": "7d", "interval": "1m", "maxDataPoints": 500},
        {"timeFrom": "now/d"},
        {"timeFrom": "1d/d"},
        {"timeFrom": "$range"},
        {"interval": ">10s"},
        {"interval": "1m30s"},
        {"interval": "15"},
        {"interval": "$__interval"},
        {"interval": "12h", "type": "stat"},
        {"maxDataPoints": 1, "type": "stat"},
        {"timeFrom": "20s", "targets": []},
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


def test_a_time_range_that_is_not_relative():
    time = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    assert_clean(rule=RULE, dashboard=dashboard(panel("up", interval="12h"), time=time))
