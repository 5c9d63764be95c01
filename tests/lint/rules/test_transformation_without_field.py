"""``transformation-without-field``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel, target

RULE = "transformation-without-field"
BY_PLAN = "sum by (plan) (rsolv_billing_active_subscriptions)"
ROWS = target(BY_PLAN, format="table", instant=True, range=False)
SERIES = target(BY_PLAN, legendFormat="{{plan}}")
AT = "/panels/0/transformations/0/options"


def shown(kind, options, *targets):
    return panel(
        "up",
        type="table",
        targets=list(targets) or [ROWS],
        transformations=[{"id": kind, "options": options}],
    )


@pytest.mark.parametrize(
    ("kind", "options", "place"),
    [
        ("organize", {"renameByName": {"paln": "Plan"}}, "/renameByName/paln"),
        ("sortBy", {"sort": [{"field": "Total"}]}, "/sort/0/field"),
        ("filterFieldsByName", {"include": {"names": ["plan", "status"]}}, "/include/names/1"),
        ("filterByValue", {"filters": [{"fieldName": "status"}]}, "/filters/0/fieldName"),
        ("groupBy", {"fields": {"status": {"operation": "groupby"}}}, "/fields/status"),
        ("calculateField", {"mode": "binary", "binary": {"left": "Total", "right": "2"}}, "/binary/left"),
        ("partitionByValues", {"fields": ["status"]}, "/fields/0"),
        ("convertFieldType", {"conversions": [{"targetField": "day"}]}, "/conversions/0/targetField"),
        ("labelsToFields", {"keepLabels": ["plan", "status"]}, "/keepLabels/1"),
        ("labelsToFields", {"valueLabel": "status"}, "/valueLabel"),
        ("joinByField", {"byField": "status"}, "/byField"),
        ("filterByRefId", {"include": "A|B"}, "/include"),
    ],
)
def test_what_the_panel_cannot_have(kind, options, place):
    finding = assert_fault(rule=RULE, panel=shown(kind, options), at=f"{AT}{place}")
    assert finding.severity is Severity.WARNING


def test_a_slip_of_the_pen():
    assert (
        "“plan”"
        in assert_fault(rule=RULE, panel=shown("organize", {"renameByName": {"paln": "Plan"}})).remedy
    )


def test_hiding_what_is_not_there_is_untidy():
    finding = assert_fault(rule=RULE, panel=shown("organize", {"excludeByName": {"status": True}}))
    assert finding.severity is Severity.INFO


def test_time_series_have_no_columns_for_their_labels():
    finding = assert_fault(rule=RULE, panel=shown("joinByField", {"byField": "plan"}, SERIES))
    assert "table" in finding.remedy


def test_a_field_that_an_earlier_step_renamed():
    steps = [
        {"id": "organize", "options": {"renameByName": {"Value": "Total"}}},
        {"id": "sortBy", "options": {"sort": [{"field": "Total"}]}},
        {"id": "sortBy", "options": {"sort": [{"field": "Totals"}]}},
    ]
    assert_fault(
        rule=RULE,
        panel=panel("up", targets=[ROWS], transformations=steps),
        at="/panels/0/transformations/2/options/sort/0/field",
    )


def test_a_join_behind_another_step():
    organize = {"id": "organize", "options": {"excludeByName": {"Time": True}}}
    joins = [{"id": "joinByField", "options": {"byField": name}} for name in ("plan", "paln")]
    assert_clean(rule=RULE, panel=panel("up", targets=[ROWS], transformations=[organize, joins[0]]))
    assert_fault(
        rule=RULE,
        panel=panel("up", targets=[ROWS], transformations=[organize, joins[1]]),
        at="/panels/0/transformations/1/options/byField",
    )


def test_the_place_in_version_2():
    content = to_v2(dashboard(shown("sortBy", {"sort": [{"field": "Total"}]})))
    assert assert_fault(rule=RULE, dashboard=content).pointer.endswith("/options/sort/0/field")


@pytest.mark.parametrize(
    "fields",
    [
        shown("organize", {"renameByName": {"plan": "Plan", "Value": "Total", "Time 1": "When"}}),
        shown("organize", {"excludeByName": {"Time": True, "Value #B": True, "status": False}}),
        shown("sortBy", {"sort": [{"field": "Value"}]}),
        shown("sortBy", {"sort": [{"field": "$by"}]}),
        shown("joinByField", {"byField": "plan"}),
        shown("joinByField", {"byField": "Time"}, SERIES),
        shown("joinByField", {}),
        shown("filterByRefId", {"include": "A"}),
        shown("filterByRefId", {"include": "/A|B/"}),
        shown("labelsToFields", {"keepLabels": ["plan"]}),
        shown("organize", {"renameByName": {"anything": "X"}}, target("nobody_knows", format="table")),
        shown(
            "sortBy", {"sort": [{"field": "Max"}]}, {"refId": "A", "datasource": {"type": "loki", "uid": "l"}}
        ),
        shown("reduce", {"reducers": ["max"]}),
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, panel=fields)


def test_behind_a_step_that_makes_new_fields():
    steps = [{"id": "reduce", "options": {}}, {"id": "sortBy", "options": {"sort": [{"field": "Max"}]}}]
    assert_clean(rule=RULE, panel=panel("up", targets=[ROWS], transformations=steps))


def test_a_step_that_is_switched_off():
    off = {"id": "sortBy", "disabled": True, "options": {"sort": [{"field": "Total"}]}}
    assert_clean(rule=RULE, panel=panel("up", targets=[ROWS], transformations=[off]))
