"""``variable-never-refreshed``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, variable

RULE = "variable-never-refreshed"


@pytest.mark.parametrize("refresh", [0, None])
def test_its_query_never_runs(refresh):
    assert_fault(rule=RULE, variable=variable(refresh=refresh), at="/templating/list/1/refresh")


def test_with_saved_values():
    given = variable(refresh=0, options=[{"text": "pro", "value": "pro"}])
    assert "1 values" in assert_fault(rule=RULE, variable=given).message


def test_in_version_2():
    written = to_v2(dashboard(panel("up"), variables=[variable(refresh=0)]))
    assert_fault(rule=RULE, dashboard=written, at="/spec/variables/1/spec/refresh")


@pytest.mark.parametrize(
    "fields",
    [{"refresh": 1}, {"refresh": 2}, {"type": "custom", "refresh": 0}, {"type": "constant", "refresh": 0}],
)
def test_clean(fields):
    assert_clean(rule=RULE, variable=fields)
