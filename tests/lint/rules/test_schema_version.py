"""``schema-version``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v1, to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "schema-version"


@pytest.mark.parametrize(
    ("version", "severity"),
    [(None, Severity.WARNING), (43, Severity.WARNING), (8, Severity.ERROR), (0, Severity.ERROR)],
)
def test_missing_too_new_or_too_old(version, severity):
    content = dashboard(panel("up"), schemaVersion=version)
    assert assert_fault(rule=RULE, dashboard=content, at="/schemaVersion").severity is severity


def test_inside_of_an_envelope():
    content = to_v1(dashboard(panel("up"), schemaVersion=99))
    assert_fault(rule=RULE, dashboard=content, at="/spec/schemaVersion")


def test_old_grafanas_migrate_in_the_browser():
    assert_clean(rule=RULE, dashboard=dashboard(panel("up"), schemaVersion=5), target_grafana=(11, 6))


@pytest.mark.parametrize(
    "content",
    [
        dashboard(panel("up"), schemaVersion=42),
        dashboard(panel("up"), schemaVersion=9),
        to_v2(dashboard(panel("up"))),
        {"model": panel("up"), "name": "Sales", "kind": 1},
    ],
)
def test_clean(content):
    assert_clean(rule=RULE, dashboard=content)
