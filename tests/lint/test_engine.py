"""The engine: every subject reaches its rules, findings have their places, and nothing stops the others."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staging_validation.alerts.model import AlertingRule, RecordingRule, RuleFile
from staging_validation.dashboards.model import Annotation, Dashboard, Panel, Target, Variable
from staging_validation.lint.context import AlertsFile, DashboardFile, FileSet, Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.finding import Severity
from staging_validation.lint.looking import Selection
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.source_files import SourceFile
from tests.lint.support import (
    catalogue,
    check,
    dashboard,
    files_of,
    findings,
    panel,
    rule_file,
    target,
    variable,
)

SUBJECTS = (
    FileSet, DashboardFile, AlertsFile, Dashboard, Panel, Target, Variable, Annotation, Query, RuleFile, AlertingRule,
    RecordingRule,
)  # fmt: skip


def rule(subject, look, **fields):
    kinds = {"severity": Severity.WARNING, "classes": ("X1",), **fields}
    return Rule(id="probe", summary="A probe.", subject=subject, check=look, **kinds)


def everything():
    whole = dashboard(
        panel("up", {"expr": "sum(up)", "hide": True}),
        variables=[variable()],
        annotations={
            "list": [
                {"name": "Deployments", "enable": True, "datasource": target("")["datasource"], "expr": "up"}
            ]
        },
    )
    rules = json.loads(rule_file("alert", "up == 0"))
    rules["groups"][0]["rules"].append({"record": "shop:up", "expr": "sum(up)"})
    return files_of(files={"shop.json": whole, "shop.yaml": rules})


def test_every_kind_of_subject_reaches_its_rules():
    seen: Counter[type] = Counter()

    def look(subject, _context):
        seen[type(subject)] += 1
        return ()

    lint(everything(), Settings(), selection=Selection([rule(SUBJECTS, look)]))
    assert seen == {
        **dict.fromkeys(SUBJECTS, 1),
        Target: 2,
        Variable: 2,  # the data source is one
        Query: 6,  # two targets, a variable, an annotation, two rules
    }


def test_a_query_knows_where_it_stands():
    places = {}

    def look(query, context):
        places[query.pointer] = (
            query.kind.value,
            context.panel.title if context.panel else None,
            context.variable.name if context.variable else None,
            context.annotation.name if context.annotation else None,
            context.alert.name if context.alert else None,
            context.query is query,
        )
        return ()

    lint(everything(), Settings(), selection=Selection([rule(Query, look)]))
    assert places == {
        "/panels/0/targets/0/expr": ("target", "Sales", None, None, None, True),
        "/panels/0/targets/1/expr": ("target", "Sales", None, None, None, True),
        "/templating/list/1/query/query": ("variable", None, "plan", None, None, True),
        "/annotations/list/0/expr": ("annotation", None, None, "Deployments", None, True),
        "/groups/0/rules/0/expr": ("alert", None, None, None, "ShopIsEmpty", True),
        "/groups/0/rules/1/expr": ("record", None, None, None, "shop:up", True),
    }


def test_a_panel_has_its_queries():
    def look(_panel, context):
        yield Fault("No.", "Yes.", ref_id="B", span=context.queries[1].original(context.queries[1].tree.span))

    selection = Selection([rule(Panel, look)])
    [finding] = lint(files_of(panel=panel("up", "sum(up)")), Settings(), selection=selection).findings
    assert (finding.ref_id, finding.expr, finding.span) == ("B", "sum(up)", (0, 7))


def test_a_finding_has_its_place():
    text = json.dumps(dashboard(panel("up"), panel("sum by (plan) (rate(up))")), indent=2)
    [finding] = findings(rule="query-syntax", dashboard=text)
    assert finding.as_json() == {
        "rule": "query-syntax",
        "severity": "error",
        "file": "shop.json",
        "pointer": "/panels/1/targets/0/expr",
        "line": next(number for number, line in enumerate(text.splitlines(), 1) if "rate(up)" in line),
        "dashboard": "Shop",
        "panel_id": 2,
        "panel": "Sales",
        "ref_id": "A",
        "expr": "sum by (plan) (rate(up))",
        "span": [20, 22],
        "message": finding.message,
        "evidence": {},
        "remedy": finding.remedy,
    }


def test_severities_may_differ_from_the_rules():
    probe = rule(Dashboard, lambda *_: [Fault("No.", "Yes.")])
    result = lint(files_of(expr="up"), Settings(), selection=Selection([probe], {"probe": Severity.ERROR}))
    assert result.findings[0].severity is Severity.ERROR


def test_a_fault_over_all_files_names_its_file():
    def look(files, _context):
        for file, found in files.dashboards():
            yield Fault("No.", "Yes.", pointer=f"{found.body}/uid", file=file.path)

    result = lint(everything(), Settings(), selection=Selection([rule(FileSet, look)]))
    assert [(finding.file, finding.pointer, finding.line) for finding in result.findings] == [
        ("shop.json", "/uid", 2)
    ]


def test_queries_of_other_data_sources_are_skipped_with_the_reason():
    loki = {"refId": "A", "datasource": {"type": "loki", "uid": "logs"}, "expr": '{app="shop"} |= `x`'}
    result = check(rule="query-syntax", panel={"targets": [loki]})
    assert [(skipped.what, skipped.count) for skipped in result.skipped] == [
        ("queries of a data source of type loki", 1)
    ]


def test_a_query_that_a_variable_shapes_is_skipped():
    result = check(rule="query-syntax", expr=["$query", "up"])
    assert not result.findings
    assert [skipped.reason for skipped in result.skipped] == ["a variable decides over their structure"]


def test_counts():
    result = lint(everything(), Settings(catalogue()))
    assert (result.files, result.dashboards, result.queries) == (("shop.json", "shop.yaml"), 1, 6)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = (
    "panels",
    "targets",
    "expr",
    "templating",
    "list",
    "fieldConfig",
    "defaults",
    "options",
    "datasource",
    "title",
)


@st.composite
def broken_dashboards(draw):
    """A dashboard of which some value is another."""
    clean = dashboard(panel("up", "sum(rate(up[5m]))"), panel("$a"), variables=[variable()])
    whole = json.loads(json.dumps(clean))  # parts that were one are now many
    for _ in range(draw(st.integers(1, 4))):
        place = whole
        for _ in range(draw(st.integers(0, 5))):
            inside = list(place.values()) if isinstance(place, dict) else place
            inside = [value for value in inside if isinstance(value, (dict, list)) and value]
            if not inside:
                break
            place = draw(st.sampled_from(inside))
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        place[key] = draw(JSON)
    return json.dumps(whole)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.one_of(broken_dashboards(), JSON.map(json.dumps), st.text(max_size=40)))
def test_no_dashboard_breaks_a_rule(text):
    result = lint([SourceFile("shop.json", text)], Settings(catalogue()))
    assert all(finding.message and finding.remedy and finding.line >= 1 for finding in result.findings)


@settings(max_examples=100, deadline=None)
@given(expr=st.text(alphabet="abup(){}[]=~\"',:5m$ +-*/<>!by ", max_size=40))
def test_no_query_breaks_a_rule(expr):
    lint(files_of(expr=expr) + files_of(alert=expr), Settings(catalogue()))


@pytest.mark.parametrize(
    "expr", ["(" * 100_000, "-" * 100_000 + "1", "sum(" * 5_000 + "up" + ")" * 5_000, "up{" * 9_000]
)
def test_a_monstrous_query_is_a_finding(expr):
    assert [finding.rule for finding in findings(expr=expr) if finding.rule == "query-syntax"] == [
        "query-syntax"
    ]
