"""``repeat-variable``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, variable

RULE = "repeat-variable"


def content(repeat, *variables, row=None):
    rows = [{"id": 9, "type": "row", "title": "Row", "repeat": row, "panels": []}] if row else []
    return dashboard(*rows, panel("up", repeat=repeat), variables=variables)


@pytest.mark.parametrize(
    ("written", "at", "severity"),
    [
        (content("plan"), "/panels/0/repeat", Severity.ERROR),
        (content("plan", variable()), "/panels/0/repeat", Severity.WARNING),
        (content(None, row="plan"), "/panels/0/repeat", Severity.ERROR),
        (content(None, variable(), row="plan"), "/panels/0/repeat", Severity.WARNING),
        (to_v2(content("plan")), "/spec/layout/spec/items/0/spec/repeat/value", Severity.ERROR),
        (to_v2(content(None, row="plan")), "/spec/layout/spec/rows/0/spec/repeat/value", Severity.ERROR),
    ],
)
def test_a_variable_that_is_absent_or_has_one_value(written, at, severity):
    assert assert_fault(rule=RULE, dashboard=written, at=at).severity is severity


def test_more_copies_than_anybody_looks_at():
    many = {"name": "n", "type": "custom", "multi": True, "query": ",".join(map(str, range(41)))}
    assert_fault(rule=RULE, dashboard=content("n", many), at="/panels/0/repeat")


@pytest.mark.parametrize(
    "written",
    [
        content("plan", variable(multi=True)),
        content("plan", variable(includeAll=True)),
        content(None, variable(multi=True), row="plan"),
        content(None),
        to_v2(content("plan", variable(multi=True), row="plan")),
        {"model": panel("up", repeat="plan"), "name": "Sales", "kind": 1},
    ],
)
def test_clean(written):
    assert_clean(rule=RULE, dashboard=written)
