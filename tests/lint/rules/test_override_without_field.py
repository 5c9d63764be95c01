"""``override-without-field``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, panel, target

RULE = "override-without-field"
BY_PLAN = "sum by (plan) (rsolv_billing_active_subscriptions)"
AT = "/panels/0/fieldConfig/overrides/0/matcher/options"


def shown(matcher, options, *targets, **fields):
    override = {"matcher": {"id": matcher, "options": options}, "properties": [{"id": "unit", "value": "s"}]}
    config = {"defaults": {}, "overrides": [override]}
    asked = list(targets) or [target(BY_PLAN, legendFormat="{{plan}}")]
    return panel("up", **{"fieldConfig": config, "targets": asked, **fields})


NAMED = target("sum(up)", legendFormat="Added")
TABLE = target(BY_PLAN, format="table", instant=True, range=False)


@pytest.mark.parametrize(
    ("matcher", "options", "asked"),
    [
        ("byName", "Consumed", NAMED),
        ("byName", "pro plan", None),
        ("byName", "status", TABLE),
        ("byNames", {"mode": "include", "names": ["Added", "Consumed"]}, NAMED),
        ("byRegexp", "/used/", NAMED),
        ("byRegexp", "trial.+", None),
        ("byFrameRefID", "B", NAMED),
    ],
)
def test_what_the_panel_cannot_have(matcher, options, asked):
    assert_fault(rule=RULE, panel=shown(matcher, options, *([asked] if asked else [])), at=AT)


def test_a_slip_of_the_pen():
    assert "“trial”" in assert_fault(rule=RULE, panel=shown("byName", "trail")).remedy


def test_behind_a_transformation():
    organize = {"id": "organize", "options": {"renameByName": {"Value": "Subscriptions"}}}
    assert_clean(rule=RULE, panel=shown("byName", "Subscriptions", TABLE, transformations=[organize]))
    assert_fault(rule=RULE, panel=shown("byName", "Subscription", TABLE, transformations=[organize]), at=AT)


@pytest.mark.parametrize(
    "fields",
    [
        shown("byName", "pro"),
        shown("byName", "Added", NAMED),
        shown("byName", "Value", NAMED),
        shown("byName", "plan", TABLE),
        shown("byName", "Value #A", TABLE),
        shown("byName", "Added 2", NAMED),
        shown("byRegexp", "/^pro|trial$/"),
        shown("byRegexp", "(?<name>x)", NAMED),
        shown("byFrameRefID", "A", NAMED),
        shown("byNames", {"mode": "exclude", "names": ["gone"]}, NAMED),
        shown("byType", "number", NAMED),
        shown("byName", "anything", target("up", legendFormat="__auto")),
        shown("byName", "anything", target("up", legendFormat="{{instance}}")),
        shown("byName", "anything", target("up", legendFormat="$plan")),
        shown("byName", "pro", target("sum(up)", legendFormat="{{plan}}")),
        shown("byName", "anything", NAMED, transformations=[{"id": "reduce", "options": {}}]),
        shown("byName", "${name}", NAMED),
        shown("byName", "anything", {"refId": "A", "datasource": {"type": "loki", "uid": "l"}}),
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


def test_a_name_that_another_override_gives():
    renames = {
        "matcher": {"id": "byName", "options": "Added"},
        "properties": [{"id": "displayName", "value": "New"}],
    }
    colours = {"matcher": {"id": "byName", "options": "New"}, "properties": [{"id": "unit", "value": "s"}]}
    config = {"defaults": {}, "overrides": [renames, colours]}
    assert_clean(rule=RULE, panel=panel("up", targets=[NAMED], fieldConfig=config))
