"""The alerts of the validation itself, asked of the real promtool: valid, able to fire and to resolve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from staging_validation.alerts.model import AlertingRule
from staging_validation.alerts.reading import read_rules
from staging_validation.clients.source_files import read_source_file
from staging_validation.notifications.metrics import METRIC_NAMES
from staging_validation.project import include_dir, project_root
from staging_validation.promql.known import BUILT_IN

RULES = include_dir("alerts", "validation.yaml")
TESTS = include_dir("alerts", "tests", "validation.yaml")
ALERTS = ("StagingValidationFailed", "StagingValidationStale")


@pytest.fixture(scope="module")
def rules() -> dict[str, AlertingRule]:
    file = read_rules(read_source_file(RULES, relative_to=project_root()))
    assert file.problems == ()
    return {rule.name: rule for _, rule in file.rules() if isinstance(rule, AlertingRule)}


def test_the_rules_are_valid_and_their_tests_pass(promtool, rules) -> None:
    assert tuple(rules) == ALERTS
    for command in (("check", "rules", RULES), ("test", "rules", TESTS)):
        answer = promtool(*command)
        assert answer.status == 0, answer.text


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_proved_to_fire_and_to_resolve(name) -> None:
    content: dict[str, Any] = yaml.safe_load(TESTS.read_text())
    fired = [
        [bool(step["exp_alerts"]) for step in test["alert_rule_test"] if step["alertname"] == name]
        for test in content["tests"]
    ]
    assert any(True in steps and steps[-1] is False for steps in fired)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_to_do_and_where_to_look(name, rules) -> None:
    rule = rules[name]
    assert set(rule.labels) == {"severity", "component"}
    assert set(rule.annotations) == {"summary", "description", "runbook_url"}
    assert rule.annotations["runbook_url"] == f"docs/runbooks/{name}.md"
    page = (project_root() / rule.annotations["runbook_url"]).read_text()
    assert page.startswith(f"# {name}\n")
    assert f"[{name}]({name}.md)" in (project_root() / "docs" / "runbooks" / "README.md").read_text()
    assert all(f"## {part}" in page for part in ("What it means", "How to check", "What to do"))


BROKEN = [
    ("failed|errored|refused", "failed"),  # a refused run
    ("[1h]", "[1m]"),  # a restart of the Pushgateway
    ("> 0", "> 1"),
    ("> 0", ">= 0"),
    ("93600", "936000"),
    ("93600", "9360"),
    ("[7d])\n          ) > 93600", "[5m])\n          ) > 93600"),
    ("or\n          absent_over_time", "unless\n          absent_over_time"),
]


@pytest.mark.parametrize(("before", "after"), BROKEN)
def test_the_rule_tests_notice_a_broken_rule(promtool, copied_rules, before, after) -> None:
    path: Path = copied_rules / "validation.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    assert promtool("check", "rules", path).status == 0
    assert promtool("test", "rules", copied_rules / "tests" / "validation.yaml").status != 0


def test_the_metrics_of_a_run_are_known_to_every_check() -> None:
    assert set(METRIC_NAMES) <= {metric.name for metric in BUILT_IN}
