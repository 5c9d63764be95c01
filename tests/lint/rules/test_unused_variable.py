"""``unused-variable``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, variable

RULE = "unused-variable"


def content(*panels, **fields):
    return dashboard(*(panels or (panel("up"),)), variables=[variable()], **fields)


def test_nothing_uses_it():
    finding = assert_fault(rule=RULE, dashboard=content(), at="/templating/list/1/name")
    assert finding.severity is Severity.INFO


def test_it_uses_only_itself():
    own = variable(query='label_values(up{plan=~"$plan"}, plan)')
    assert_fault(rule=RULE, dashboard=dashboard(panel("up"), variables=[own]), at="/templating/list/1/name")


def test_in_version_2():
    assert_fault(rule=RULE, dashboard=to_v2(content()), at="/spec/variables/1/spec/name")


LINK = {"title": "More", "type": "link", "url": "/d/more"}


def test_only_a_link_passes_it_on():
    assert (
        "links pass it on"
        in assert_fault(rule=RULE, dashboard=content(links=[{**LINK, "includeVars": True}])).message
    )


@pytest.mark.parametrize(
    "written",
    [
        content(panel('up{plan="$plan"}')),
        content(panel("up", title="Of [[plan]]")),
        content(panel("up", repeat="plan")),
        content(links=[{**LINK, "url": "/d/more?var-plan=${plan:queryparam}"}]),
        dashboard(
            panel('up{job="$job"}'),
            variables=[variable(), variable("job", 'label_values(up{plan="$plan"}, job)')],
        ),
        dashboard(panel("up"), variables=[{"name": "filters", "type": "adhoc"}]),
        to_v2(content(panel("up", repeat="plan"))),
    ],
)
def test_clean(written):
    assert_clean(rule=RULE, dashboard=written)
