"""``file-envelope``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "file-envelope"


def resource(version, spec):
    return {
        "apiVersion": f"dashboard.grafana.app/{version}",
        "kind": "Dashboard",
        "metadata": {"name": "shop"},
        "spec": spec,
    }


@pytest.mark.parametrize("content", ["[]", '"Shop"', '{"name": "shop", "version": "1.0.0"}'])
def test_no_dashboard(content):
    assert_fault(rule=RULE, dashboard=content)


def test_an_unknown_version():
    assert_fault(rule=RULE, dashboard=resource("v9", dashboard(panel("up"))), at="/apiVersion")


@pytest.mark.parametrize(
    "content",
    [
        dashboard(panel("up")),
        {"dashboard": dashboard(panel("up")), "meta": {}},
        resource("v1", dashboard(panel("up"))),
    ],
    ids=["classic", "wrapped", "v1"],
)
def test_clean(content):
    assert_clean(rule=RULE, dashboard=content)
