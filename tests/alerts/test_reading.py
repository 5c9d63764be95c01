"""Rule files: what can be read is read, and everything that is wrong is a problem with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import staging_validation.alerts
from staging_validation.alerts.model import AlertingRule, ProblemKind, RecordingRule, RuleEnvelope, RuleFile
from staging_validation.alerts.reading import read_rules
from staging_validation.source_files import SourceFile

GOOD = """\
groups:
  - name: payments
    interval: 1m30s
    query_offset: 10s
    labels: {team: billing}
    rules:
      - record: status:payments:rate5m
        expr: sum by (status) (rate(payments_total[5m]))
        labels: {source: rules}
      - alert: PaymentsFail
        expr: |
          status:payments:rate5m{status="failed"} > 0
        for: 15m
        keep_firing_for: 1h
        labels: {severity: warning, tier: 1}
        annotations:
          summary: "{{ $value }} fail"
"""

OPERATOR = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: payments}
spec:
  groups:
    - name: payments
      partial_response_strategy: warn
      rules: [{alert: A, expr: up == 0}]
"""


def read(text: str) -> RuleFile:
    return read_rules(SourceFile("rules.yaml", text))


def rule(**fields: object) -> str:
    return yaml.safe_dump({"groups": [{"name": "g", "rules": [fields]}]}, sort_keys=False)


def group(**fields: object) -> str:
    return yaml.safe_dump({"groups": [{"name": "g", **fields}]}, sort_keys=False)


def test_a_file_is_read() -> None:
    file = read(GOOD)
    assert (file.envelope, file.problems) == (RuleEnvelope.PROMETHEUS, ())
    (group,) = file.groups
    assert (group.name, group.interval_seconds, group.query_offset_seconds) == ("payments", 90.0, 10.0)
    assert (group.pointer, group.line, group.labels) == ("/groups/0", 2, {"team": "billing"})
    record, alert = group.rules
    assert record == RecordingRule(
        record="status:payments:rate5m",
        expr="sum by (status) (rate(payments_total[5m]))",
        pointer="/groups/0/rules/0",
        line=7,
        labels={"source": "rules"},
    )
    assert alert == AlertingRule(
        alert="PaymentsFail",
        expr='status:payments:rate5m{status="failed"} > 0\n',
        pointer="/groups/0/rules/1",
        line=10,
        for_seconds=900.0,
        keep_firing_for_seconds=3600.0,
        labels={"severity": "warning", "tier": "1"},
        annotations={"summary": "{{ $value }} fail"},
    )
    assert file.line(alert.expr_pointer) == 11
    assert file.line("/groups/0/rules/1/annotations/summary") == 17
    assert file.line("/groups/0/rules/1/annotations/missing") == 16


def test_a_resource_of_the_operator_is_read() -> None:
    file = read(f"kind: ConfigMap\ndata: {{}}\n---\n{OPERATOR}")
    assert (file.envelope, file.problems) == (RuleEnvelope.OPERATOR, ())
    ((_, alert),) = file.rules()
    assert (alert.name, alert.pointer, alert.line) == ("A", "/1/spec/groups/0/rules/0", 11)


def test_a_list_of_resources_is_read() -> None:
    listed = yaml.safe_dump({"kind": "List", "items": [{"kind": "Secret"}, yaml.safe_load(OPERATOR)]})
    ((_, alert),) = read(listed).rules()
    assert alert.pointer == "/items/1/spec/groups/0/rules/0"


# What is wrong, where it is told, a piece of the message, a piece of the remedy.
REFUSED = [
    (rule(alert="A"), "/groups/0/rules/0/expr", "A has no query", "expr"),
    (rule(alert="A", expr=" "), "/groups/0/rules/0/expr", "A has no query", "expr"),
    (rule(expr="up"), "/groups/0/rules/0", "no name", "alert"),
    (rule(alert="A", record="b", expr="up"), "/groups/0/rules/0/record", "both names", "two rules"),
    (rule(alert="A", expr="up", for_="5m"), "/groups/0/rules/0/for_", "unknown", "for"),
    (rule(alert="A", expr="up", severity="page"), "/groups/0/rules/0/severity", "unknown", "labels"),
    (rule(alert="A", expr="up", summary="x"), "/groups/0/rules/0/summary", "unknown", "annotations"),
    (rule(alert="A", expr="up", expresion="x"), "/groups/0/rules/0/expresion", "unknown", "expr"),
    (rule(alert="A", expression="up"), "/groups/0/rules/0/expression", "unknown", "expr"),
    (rule(alert="A", expr="up", **{"for": "5 m"}), "/groups/0/rules/0/for", "'5 m'", "30s, 5m"),
    (rule(alert="A", expr="up", **{"for": "1.5h"}), "/groups/0/rules/0/for", "'1.5h'", "1h30m"),
    (rule(alert="A", expr="up", **{"for": 30}), "/groups/0/rules/0/for", "is 30", "30s"),
    (rule(alert="A", expr="up", keep_firing_for="later"), "/groups/0/rules/0/keep_firing_for", "'later'", "5m"),
    (rule(alert="A", expr=["up"]), "/groups/0/rules/0/expr", "a list", "text"),
    (rule(alert="A", expr="up", labels=["a"]), "/groups/0/rules/0/labels", "a list", "keys"),
    (rule(alert="A", expr="up", labels={"a": {"b": "c"}}), "/groups/0/rules/0/labels/a", "a mapping", "quotes"),
    (rule(alert="A", expr="up", labels={"__name__": "b"}), "/groups/0/rules/0/labels/__name__", "may not", "remove"),
    (rule(record="a", expr="up", **{"for": "5m"}), "/groups/0/rules/0/for", "for alerts", "remove"),
    (rule(record="a", expr="up", annotations={"b": "c"}), "/groups/0/rules/0/annotations", "for alerts", "remove"),
    (group(rules={"a": 1}), "/groups/0/rules", "a mapping", "-"),
    (group(rules=["a"]), "/groups/0/rules/0", "'a'", "keys"),
    (group(interval="fast"), "/groups/0/interval", "'fast'", "30s"),
    (group(limit="many"), "/groups/0/limit", "'many'", "0"),
    (group(intervall="1m"), "/groups/0/intervall", "unknown", "interval"),
    (yaml.safe_dump({"groups": [{"rules": []}]}), "/groups/0/name", "no name", "one"),
    ("groups: [{name: a}, {name: a}]", "/groups/1/name", "line 1 already", "another name"),
    ("groups: 3", "/groups", "is 3", "-"),
    ("group: []", "/group", "unknown", "groups"),
    ("rules: [{alert: A, expr: up}]", "/rules", "unknown", "group"),
    ("foo: 1", "", "no groups", "groups"),
    ("groups:\n\t- name: a", "", "cannot start any token", "correct"),
    ("groups: []\ngroups: []", "", "stands twice", "correct"),
    ("[" * 5000, "", "nested too deeply", "six levels"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "pointer", "message", "remedy"), REFUSED)
def test_what_prometheus_refuses_is_a_problem(text, pointer, message, remedy, promtool, tmp_path) -> None:
    problem = next(problem for problem in read(text).problems if problem.refused)
    assert problem.pointer == pointer
    assert message in problem.message
    assert remedy in problem.remedy
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    assert promtool("check", "rules", path).status != 0


WARNED = [
    (group(rules=[{"alert": "A", "expr": "up"}, {"alert": "A", "expr": "up == 1"}]), "/groups/0/rules/1", "already"),
    (rule(record="a-b", expr="up"), "/groups/0/rules/0/record", "Prometheus 2"),
    (rule(alert="A", expr="up", labels={"a-b": "c"}), "/groups/0/rules/0/labels/a-b", "Prometheus 2"),
    (group(source_tenants=["a"]), "/groups/0/source_tenants", "Mimir only"),
    ("groups: []\n---\n" + GOOD, "/1", "only the first document"),
    ("# nothing", "", "empty"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "pointer", "message"), WARNED)
def test_what_is_loaded_but_not_meant_is_a_problem_too(text, pointer, message) -> None:
    (problem,) = read(text).problems
    assert (problem.pointer, problem.refused) == (pointer, False)
    assert message in problem.message


def test_a_broken_rule_does_not_hide_the_others() -> None:
    file = read("groups:\n- 3\n- name: g\n  rules: [7, {alert: A}, {alert: B, expr: up, for: x}]\n")
    assert [(rule.name, rule.expr) for _, rule in file.rules()] == [("B", "up")]
    assert [problem.line for problem in file.problems] == [2, 4, 4, 4]


@pytest.mark.parametrize(
    ("text", "envelope"),
    [
        ("rule_files: [a]\ntests: []", RuleEnvelope.RULE_TESTS),
        ("apiVersion: 1\ngroups: [{folder: a}]", RuleEnvelope.GRAFANA_MANAGED),
        ("apiVersion: v1\nkind: Service\nspec: {}", RuleEnvelope.OTHER),
    ],
)
def test_files_beside_rules_are_told_apart(text, envelope) -> None:
    file = read(text)
    assert (file.envelope, file.groups) == (envelope, ())
    assert not envelope.holds_rules


def test_groups_that_nothing_loads_are_a_problem() -> None:
    (problem,) = read(OPERATOR.replace("kind: PrometheusRule", "kind: PrometheusRules")).problems
    assert (problem.kind, problem.pointer) == (ProblemKind.ENVELOPE, "/kind")


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    path = Path(staging_validation.alerts.__file__).parent / "schemas" / "rule-file.schema.json"
    content = json.loads(path.read_text())
    Draft202012Validator.check_schema(content)
    return Draft202012Validator(content)


def test_the_schema_accepts_what_the_reader_accepts(schema) -> None:
    scalars = rule(alert="A", expr=1, labels={"a": 1, "b": True, "c": None}, **{"for": 0})
    for text in (GOOD, OPERATOR, group(rules=None), scalars):
        assert read(text).problems == ()
        assert list(schema.iter_errors(yaml.safe_load(text))) == []


_BEYOND_A_SCHEMA = ("line 1 already", "cannot start any token", "stands twice", "nested too deeply")


@pytest.mark.parametrize("text", [case[0] for case in REFUSED if case[2] not in _BEYOND_A_SCHEMA])
def test_the_schema_refuses_what_the_reader_refuses(text, schema) -> None:
    assert list(schema.iter_errors(yaml.safe_load(text)))


_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["5m", "up", "a-b"])
)
_KEYS = st.sampled_from(
    "groups name rules alert record expr for labels annotations kind spec items interval".split()  # noqa: SIM905
)
_DOCUMENTS = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(_DOCUMENTS.map(lambda content: yaml.safe_dump({"groups": content})) | st.text(max_size=60))
def test_no_file_breaks_the_reader(text) -> None:
    file = read(text)
    last = text.count("\n") + 1
    assert all(1 <= problem.line <= last for problem in file.problems)
    assert all(problem.message and problem.remedy for problem in file.problems)
