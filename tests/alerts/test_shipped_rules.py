"""The shipped alerts, asked of the real promtool: valid, able to fire and to resolve, quiet on a clean night."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from staging_validation.alerts.model import AlertingRule
from staging_validation.project import include_dir
from staging_validation.source_files import SourceFile
from staging_validation.telemetry import parse_catalogue
from staging_validation.telemetry.plan import expected_samples, plan_run

ALERTS = include_dir("alerts")
PROJECT = ALERTS.parents[1]
RULES = ALERTS / "billing.yaml"
TESTS = sorted((ALERTS / "tests").glob("*.yaml"))

# The contract: name, how long it must hold, severity.
CONTRACT = {
    "BillingPaymentFailureRateHigh": (900, "warning"),
    "BillingPaymentFailureRateCritical": (600, "critical"),
    "StripeWebhookFailureRateHigh": (900, "warning"),
    "StripeWebhookProcessingDurationHigh": (1200, "warning"),
    "StripeWebhooksStalled": (21600, "info"),
    "SubscriptionCancellationRateHigh": (3600, "warning"),
    "BillingCreditGrantAnomalyDetected": (300, "info"),
}


@pytest.fixture(scope="module")
def alerts(shipped) -> dict[str, AlertingRule]:
    return {rule.name: rule for _, rule in shipped.rules() if isinstance(rule, AlertingRule)}


def test_the_rules_are_valid(promtool, shipped) -> None:
    answer = promtool("check", "rules", RULES)
    assert (answer.status, "SUCCESS: 13 rules found" in answer.text) == (0, True), answer.text
    assert shipped.problems == ()


def test_the_alerts_are_those_of_the_contract(alerts) -> None:
    assert {
        name: (int(rule.for_seconds), rule.labels["severity"]) for name, rule in alerts.items()
    } == CONTRACT


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_rule_tests_pass(promtool, file) -> None:
    answer = promtool("test", "rules", file)
    assert answer.status == 0, answer.text


@pytest.mark.parametrize("name", CONTRACT)
def test_an_alert_is_proved_to_fire_and_to_resolve(name) -> None:
    assert any(_fires_then_resolves(test, name) for file in TESTS for test in _tests(file))


@pytest.mark.parametrize("name", CONTRACT)
def test_an_alert_says_what_to_do_and_where_to_look(name, alerts) -> None:
    rule = alerts[name]
    assert set(rule.labels) == {"severity", "component"}
    assert set(rule.annotations) == {"summary", "description", "dashboard_url", "runbook_url"}
    assert rule.annotations["runbook_url"] == f"docs/runbooks/{name}.md"
    page = (PROJECT / rule.annotations["runbook_url"]).read_text()
    assert page.startswith(f"# {name}\n")
    assert f"[{name}]({name}.md)" in (PROJECT / "docs" / "runbooks" / "README.md").read_text()
    assert all(f"## {part}" in page for part in ("What it means", "How to check", "What to do"))


@pytest.mark.parametrize("name", CONTRACT)
def test_an_alerts_dashboard_link_leads_to_a_panel(name, alerts) -> None:
    dashboard = json.loads((include_dir("dashboards") / "billing-metrics.json").read_text())
    found = re.fullmatch(
        r"/d/([^/]+)/billing-system-metrics(?:\?viewPanel=(\d+))?", alerts[name].annotations["dashboard_url"]
    )
    assert found is not None
    assert found[1] == dashboard["uid"]
    assert found[2] is None or int(found[2]) in {panel["id"] for panel in dashboard["panels"]}


def test_the_queries_of_the_runbooks_are_valid_and_ask_for_metrics_that_exist(
    promtool, tmp_path, shipped
) -> None:
    pages = "".join(page.read_text() for page in sorted((PROJECT / "docs" / "runbooks").glob("*.md")))
    queries = re.findall(r"```promql\n(.*?)```", pages, re.DOTALL)
    rules = [{"record": f"query{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "runbooks", "rules": rules}]}))
    answer = promtool("check", "rules", file)
    assert (answer.status, f"SUCCESS: {len(queries)} rules" in answer.text) == (0, True), answer.text
    catalogue = (include_dir("telemetry") / "billing.yaml").read_text()
    names = set(re.findall(r"name: (rsolv_billing_\w+)", catalogue)) | {
        rule.name for _, rule in shipped.rules()
    }
    asked = set(re.findall(r"[\w:]*rsolv_billing_[\w:]+", "".join(queries)))
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} - names == set()
    assert len(queries) > 15


@pytest.mark.parametrize("name", CONTRACT)
def test_the_rule_tests_notice_an_alert_that_cannot_fire(name, promtool, copied_rules) -> None:
    _rewrite(copied_rules, name, lambda expr: f"({expr}) > 1e9")
    assert _failures(promtool, copied_rules, name)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_rule_tests_notice_an_alert_that_cannot_resolve(name, promtool, copied_rules) -> None:
    _rewrite(copied_rules, name, lambda expr: f"({expr}) or vector(1)")
    assert _failures(promtool, copied_rules, name)


def test_the_rule_tests_notice_a_recorded_metric_that_misses_new_series(promtool, copied_rules) -> None:
    rules = copied_rules / "billing.yaml"
    broken = re.sub(r"\n +or\n +last_over_time\(.*\)\n", "\n", rules.read_text())
    rules.write_text(broken)
    assert promtool("check", "rules", rules).status == 0
    failed = [
        file.stem
        for file in sorted((copied_rules / "tests").glob("*.yaml"))
        if promtool("test", "rules", file).status
    ]
    assert {"credits", "payments", "stalled_webhooks"} <= set(failed)


def test_a_clean_night_raises_no_alert(promtool, tmp_path) -> None:
    file = include_dir("telemetry") / "billing.yaml"
    catalogue = parse_catalogue([SourceFile(str(file), file.read_text())])
    tests = [_night(f"night-{number}", catalogue) for number in range(10)]
    night = tmp_path / "night.yaml"
    night.write_text(
        yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests})
    )
    answer = promtool("test", "rules", night)
    assert answer.status == 0, answer.text


def test_a_night_with_more_failures_would_raise_one(promtool, tmp_path) -> None:
    file = include_dir("telemetry") / "billing.yaml"
    text = file.read_text().replace(
        "count: 1\n      labels: {customer_id: pro_past_due, status: failed",
        "count: 30\n      labels: {customer_id: pro_past_due, status: failed",
    )
    catalogue = parse_catalogue([SourceFile(str(file), text)])
    night = tmp_path / "night.yaml"
    night.write_text(
        yaml.safe_dump(
            {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [_night("bad", catalogue)]}
        )
    )
    answer = promtool("test", "rules", night)
    assert answer.status != 0
    assert "BillingPaymentFailureRateHigh" in answer.text


def _night(run_id: str, catalogue: Any) -> dict[str, Any]:
    """A run's telemetry as Prometheus scrapes it: zeros, then the values for half an hour, then nothing."""
    series = []
    for sample in expected_samples(plan_run(run_id, catalogue), catalogue):
        labels = {**sample.labels, "job": "staging_validation", "validation_run": run_id}
        inside = ", ".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
        series.append({"series": f"{sample.name}{{{inside}}}", "values": f"0x4 {sample.value:g}x30 _x30"})
    # Stalled webhooks depend on the hour and not on a run; nothing else may even be pending at any time.
    noticed = 'count_over_time(ALERTS{alertname!="StripeWebhooksStalled"}[2h])'
    return {
        "name": run_id,
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": [{"expr": noticed, "eval_time": "70m", "exp_samples": []}],
    }


def _tests(file: Path) -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = yaml.safe_load(file.read_text())["tests"]
    return tests


def _fires_then_resolves(test: dict[str, Any], name: str) -> bool:
    expected = [
        bool(step["exp_alerts"]) for step in test.get("alert_rule_test", ()) if step["alertname"] == name
    ]
    return True in expected and expected[-1] is False


def _rewrite(folder: Path, name: str, change: Any) -> None:
    path = folder / "billing.yaml"
    content = yaml.safe_load(path.read_text())
    for group in content["groups"]:
        for rule in group["rules"]:
            if rule.get("alert") == name:
                rule["expr"] = change(rule["expr"].strip())
    path.write_text(yaml.safe_dump(content))


def _failures(promtool: Any, folder: Path, name: str) -> list[str]:
    """Return the rule tests of an alert that fail."""
    files = [
        file for file in sorted((folder / "tests").glob("*.yaml")) if f"alertname: {name}" in file.read_text()
    ]
    answers = [promtool("test", "rules", file) for file in files]
    return [answer.text for answer in answers if answer.status and name in answer.text]
