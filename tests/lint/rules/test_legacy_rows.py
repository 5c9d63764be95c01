"""``legacy-rows``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "legacy-rows"

ROWS = [{"title": "Row", "panels": [panel("up", gridPos=None)]}]


@pytest.mark.parametrize(
    ("version", "severity"), [(14, Severity.WARNING), (None, Severity.WARNING), (39, Severity.ERROR)]
)
def test_rows_of_the_old_layout(version, severity):
    content = dashboard(rows=ROWS, schemaVersion=version)
    assert assert_fault(rule=RULE, dashboard=content, at="/rows").severity is severity


def test_in_a_wrapper():
    assert_fault(rule=RULE, dashboard={"dashboard": dashboard(rows=ROWS)}, at="/dashboard/rows")


@pytest.mark.parametrize("fields", [{}, {"rows": []}, {"rows": None}])
def test_clean(fields):
    assert_clean(rule=RULE, dashboard=dashboard(panel("up"), **fields))
