"""``environment-mixed-up``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "environment-mixed-up"


def content(*panels, **fields):
    return dashboard(*(panels or (panel("up"),)), **fields)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (content(title="Shop (Staging)", uid="shop-prod"), "/uid"),
        (content(title="Production: shop", tags=["shop", "staging"]), "/tags"),
        (content(uid="shop-stg", tags=["production"]), "/tags"),
        (content(title="Shop prod1", uid="staging_shop"), "/uid"),
        (
            content(
                title="Shop staging",
                templating={"list": [{"name": "env", "type": "constant", "query": "production"}]},
            ),
            "/templating/list/0/query",
        ),
        (
            content(
                panel("up", datasource={"type": "prometheus", "uid": "prometheus-production"}),
                title="Shop Staging",
            ),
            "/panels/0/datasource",
        ),
    ],
)
def test_names_of_different_environments(written, at):
    assert_fault(rule=RULE, dashboard=written, at=at)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Shop (Staging)", "uid": "shop-stg", "tags": ["staging"]},
        {"title": "Production and staging", "uid": "shop-prod"},
        {"title": "Staging area of the warehouse", "tags": ["shop"]},
        {"title": "Product reproduction", "uid": "device-staging"},
        {"title": "Production", "uid": "fd3qa8dev2b"},
        {"tags": ["production", "staging"]},
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, dashboard=content(**fields))
