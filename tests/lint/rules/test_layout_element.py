"""``layout-element``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_bare_v2, to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, findings, panel

RULE = "layout-element"


def content(rename=None, forget=False):
    written = to_v2(dashboard(panel("up"), panel("up")))
    entries = written["spec"]["layout"]["spec"]["items"]
    if rename:
        entries[1]["spec"]["element"]["name"] = rename
    if forget:
        entries.pop()
    return written


def test_an_element_that_is_not_there():
    found = findings(rule=RULE, dashboard=content(rename="panel-22"))
    dangling = next(finding for finding in found if finding.severity is Severity.ERROR)
    assert dangling.pointer == "/spec/layout/spec/items/1/spec/element/name"
    assert "panel-2" in dangling.remedy


def test_an_element_without_a_place():
    finding = assert_fault(rule=RULE, dashboard=content(forget=True), at="/spec/elements/panel-2")
    assert (finding.severity, finding.panel_id) == (Severity.WARNING, 2)


@pytest.mark.parametrize("written", [content(), dashboard(panel("up")), to_bare_v2(dashboard(panel("up")))])
def test_clean(written):
    assert_clean(rule=RULE, dashboard=written)
