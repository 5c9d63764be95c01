"""``link-broken``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, variable

RULE = "link-broken"


def link(url, **fields):
    return {"title": "More", "type": "link", "url": url, **fields}


def data_links(*links):
    return {"fieldConfig": {"defaults": {"links": list(links)}, "overrides": []}}


def override(*links):
    properties = [{"id": "unit", "value": "s"}, {"id": "links", "value": list(links)}]
    matcher = {"id": "byName", "options": "Value"}
    return {"fieldConfig": {"defaults": {}, "overrides": [{"matcher": matcher, "properties": properties}]}}


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        ("", Severity.WARNING),
        ("/d/orders?var-region=${region}", Severity.ERROR),
        ("/d/orders?var-region=$region", Severity.ERROR),
        ("/d/orders?${__url_time_rang}", Severity.ERROR),
        ("/d/orders?var-plan=${__fields.labels.plan}", Severity.ERROR),
    ],
)
@pytest.mark.parametrize(
    ("given", "at"),
    [
        (lambda found: {"dashboard": dashboard(panel("up"), links=[found])}, "/links/0/url"),
        (lambda found: {"panel": {"links": [found]}}, "/panels/0/links/0/url"),
        (lambda found: {"panel": data_links(found)}, "/panels/0/fieldConfig/defaults/links/0/url"),
        (
            lambda found: {"panel": override(found)},
            "/panels/0/fieldConfig/overrides/0/properties/1/value/0/url",
        ),
    ],
    ids=["dashboard", "panel", "data", "override"],
)
def test_it_leads_nowhere(given, at, url, severity):
    assert assert_fault(rule=RULE, at=at, **given(link(url))).severity is severity


def test_a_title():
    assert_fault(rule=RULE, panel={"links": [link("/d/x", title="${region}")]}, at="/panels/0/links/0/title")


def test_a_close_name_is_proposed():
    finding = assert_fault(rule=RULE, panel={"links": [link("/d/x?${__url_time_rang}")]})
    assert "$__url_time_range" in finding.remedy


def test_a_variable_that_the_other_dashboard_does_not_have():
    other = dashboard(panel("up"), variables=[variable()], uid="orders", title="Orders")
    files = {
        "a.json": dashboard(panel("up"), links=[link("/d/orders/x?var-plan=pro&var-pln=pro")]),
        "b.json": other,
    }
    finding = assert_fault(rule=RULE, files=files, at="/links/0/url")
    assert (finding.file, finding.evidence["variable"]) == ("a.json", "pln")


@pytest.mark.parametrize(
    "given",
    [
        {"panel": {"links": [link("/d/orders?${__url_time_range}&${__all_variables}")]}},
        {"panel": data_links(link("/d/orders?var-plan=${__field.labels.plan}&from=${__value.time}"))},
        {"dashboard": dashboard(panel("up"), links=[link("", type="dashboards", tags=["shop"])])},
        {"dashboard": dashboard(panel("up", links=[link("/d/x?var-plan=${plan}")]), variables=[variable()])},
        {"panel": {"links": [{"title": "Old", "type": "dashboard", "dashboard": "Orders"}]}},
        {"panel": {"links": [link("/d/orders?var-anything=1")]}},
    ],
)
def test_clean(given):
    assert_clean(rule=RULE, **given)
