"""``dashboard-uid``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_bare_v2, to_v1, to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "dashboard-uid"


@pytest.mark.parametrize("uid", ["shop/sales", "shop sales", "größe", "x" * 41])
def test_grafana_refuses_it(uid):
    finding = assert_fault(rule=RULE, dashboard=dashboard(panel("up"), uid=uid), at="/uid")
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("uid", ["", None])
def test_it_is_missing(uid):
    finding = assert_fault(rule=RULE, dashboard=dashboard(panel("up"), uid=uid), at="/uid")
    assert finding.severity is Severity.WARNING


def test_it_is_the_name_of_a_resource():
    assert_fault(rule=RULE, dashboard=to_v2(dashboard(panel("up"), uid="a b")), at="/metadata/name")


@pytest.mark.parametrize(
    "content",
    [
        dashboard(panel("up"), uid="x" * 40),
        dashboard(panel("up"), uid="Shop_1-a"),
        to_v1(dashboard(panel("up"))),
        to_bare_v2(dashboard(panel("up"))),
        {"model": panel("up"), "name": "Sales", "kind": 1},
    ],
)
def test_clean(content):
    assert_clean(rule=RULE, dashboard=content)
