"""``time-range``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "time-range"


def content(begin, end, form=lambda written: written):
    return form(dashboard(panel("up"), time={"from": begin, "to": end}))


@pytest.mark.parametrize(
    ("begin", "end", "at", "severity"),
    [
        ("now", "now-6h", "/time", Severity.ERROR),
        ("now", "now", "/time", Severity.ERROR),
        ("now-6h", "now-1d", "/time", Severity.ERROR),
        ("2026-02-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "/time", Severity.ERROR),
        ("now-6hours", "now", "/time/from", Severity.ERROR),
        ("now-6h", "yesterday", "/time/to", Severity.ERROR),
        ("now-20s", "now", "/time", Severity.WARNING),
        ("2026-01-01", "2026-02-01 12:00:00", "/time", Severity.INFO),
        ("1767225600000", "1767229200000", "/time", Severity.INFO),
    ],
)
def test_no_good_range(begin, end, at, severity):
    assert assert_fault(rule=RULE, dashboard=content(begin, end), at=at).severity is severity


def test_in_version_2():
    assert_fault(rule=RULE, dashboard=content("now", "now-6h", to_v2), at="/spec/timeSettings")


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("now-6h", "now"),
        ("now/d", "now/d"),
        ("now-1d/d", "now-1d/d"),
        ("now-1M/M", "now/M"),
        ("now/fQ", "now+1h"),
        ("now-30s", "now"),
        ("2026-01-01T00:00:00Z", "now"),
        (None, None),
    ],
)
def test_clean(begin, end):
    assert_clean(rule=RULE, dashboard=content(begin, end))
