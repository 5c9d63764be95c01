"""Short ways to test rules: a query, a panel or a dashboard in, findings out.

::

    assert_fault(rule="rate-on-gauge", expr="rate(rsolv_billing_active_subscriptions[5m])",
                 at="rsolv_billing_active_subscriptions")
    assert_clean(rule="rate-on-gauge", expr="rate(rsolv_billing_subscription_created_total[5m])")

What is given stands in a file that is clean otherwise:

- ``expr`` in a panel; ``panel``, ``variable`` or ``annotation`` (fields, or many in a list) in a dashboard;
- ``dashboard`` is a whole dashboard (:func:`dashboard` makes a clean one), ``files`` are several by their names
  (values or texts);
- ``alert`` is the query, or the fields, of an alerting rule, ``record`` of a recording rule, ``rules`` the text
  of a rule file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from staging_validation.clients.source_files import read_source_files
from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.finding import Finding, LintResult
from staging_validation.lint.knowledge import from_catalogue
from staging_validation.lint.looking import Selection
from staging_validation.lint.registry import all_rules
from staging_validation.project import include_dir
from staging_validation.promql.known import KnownMetrics
from staging_validation.source_files import SourceFile
from staging_validation.telemetry import parse_catalogue

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

Fields = Mapping[str, Any]


@cache
def catalogue() -> KnownMetrics:
    """The metrics of the shipped catalogue."""
    return from_catalogue(parse_catalogue(read_source_files(include_dir("telemetry"), ".yaml")))


def target(expr: str, **fields: Any) -> dict[str, Any]:
    """A clean query of a panel."""
    return {
        "refId": "A",
        "expr": expr,
        "legendFormat": "__auto",
        "range": True,
        "datasource": DATASOURCE,
        **fields,
    }


def panel(*targets: str | Fields, **fields: Any) -> dict[str, Any]:
    """A clean panel with these queries."""
    return {
        "id": 1,
        "title": "Sales",
        "description": "What was sold.",
        "type": "timeseries",
        "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": {"unit": "short"}, "overrides": []},
        "options": {},
        "targets": [
            target(entry, refId=letter)
            if isinstance(entry, str)
            else {**target("up"), "refId": letter, **entry}
            for letter, entry in zip("ABCDEFGHIJ", targets, strict=False)
        ],
        **fields,
    }


def variable(
    name: str = "plan", query: str = "label_values(rsolv_billing_active_subscriptions, plan)", **fields: Any
) -> dict[str, Any]:
    """A clean variable."""
    return {
        "name": name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": "A", "qryType": 1},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": False,
        "includeAll": False,
        "current": {"text": "pro", "value": "pro"},
        **fields,
    }


def dashboard(*panels: Fields, variables: Sequence[Fields] = (), **fields: Any) -> dict[str, Any]:
    """A clean dashboard with these panels, placed below each other."""
    datasource = {
        "name": "datasource",
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": "Prometheus", "value": "prometheus"},
    }
    placed = [
        {**entry, "id": number, "gridPos": {"x": 0, "y": 8 * (number - 1), "w": 12, "h": 8}}
        if entry.get("gridPos") == {"x": 0, "y": 0, "w": 12, "h": 8} and len(panels) > 1
        else dict(entry)
        for number, entry in enumerate(panels, start=1)
    ]
    return {
        "uid": "shop",
        "title": "Shop",
        "schemaVersion": 39,
        "timezone": "utc",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [datasource, *variables]},
        "annotations": {"list": []},
        "panels": placed,
        **fields,
    }


def findings(*, rule: str | None = None, **given: Any) -> list[Finding]:
    """Return what is found in something; with ``rule`` by that rule alone.

    Args:
        rule: The id of the rule; all that are no matter of taste by default.
        given: What is checked (see the module), and fields of the settings: ``known``, ``target_grafana``,
            ``scrape_interval_seconds``, ``target_prometheus``, ``retention_seconds``.
    """
    return list(check(rule=rule, **given).findings)


def check(*, rule: str | None = None, **given: Any) -> LintResult:
    """Like :func:`findings`, with everything that a check returns."""
    settings = {
        name: given.pop(name)
        for name in (
            "known",
            "target_grafana",
            "scrape_interval_seconds",
            "target_prometheus",
            "retention_seconds",
        )
        if name in given
    }
    chosen = [entry for entry in all_rules() if (entry.id == rule if rule else not entry.style)]
    assert chosen, f"there is no rule {rule}"
    return lint(
        files_of(**given), Settings(**{"known": catalogue(), **settings}), selection=Selection(chosen)
    )


def assert_fault(*, rule: str, at: str | None = None, **given: Any) -> Finding:
    """Assert that a rule finds exactly one defect, and return it.

    Args:
        rule: The rule.
        at: The piece of the query that its span must cover; or, beginning with ``/``, its pointer.
        given: See :func:`findings`.
    """
    found = findings(rule=rule, **given)
    assert len(found) == 1, f"{len(found)} findings: {found}"
    finding = found[0]
    if at is not None and at.startswith("/"):
        assert finding.pointer == at
    elif at is not None:
        assert finding.span is not None, "the finding has no place in a query"
        assert finding.expr is not None
        assert finding.expr[slice(*finding.span)] == at
    assert finding.message
    assert finding.remedy
    return finding


def assert_clean(*, rule: str | None = None, **given: Any) -> None:
    """Assert that a rule (without one: that no rule) finds anything."""
    found = findings(rule=rule, **given)
    assert not found, f"{len(found)} findings: {found}"


def files_of(**given: Any) -> list[SourceFile]:
    """Make the files of what is given: see the module."""
    [(kind, content)] = given.items()
    if kind == "files":
        return [
            SourceFile(name, body if isinstance(body, str) else json.dumps(body, indent=2))
            for name, body in content.items()
        ]
    if kind in ("alert", "record", "rules"):
        return [SourceFile("rules.yaml", content if kind == "rules" else rule_file(kind, content))]
    whole = kind == "dashboard" and isinstance(content, str)
    return [SourceFile("shop.json", content if whole else json.dumps(_whole(kind, content), indent=2))]


def rule_file(kind: str, content: str | Fields) -> str:
    """Return the text of a rule file with one rule."""
    clean: dict[str, Any] = {
        kind: "ShopIsEmpty" if kind == "alert" else "shop:sales:rate5m",
        "expr": "up == 0",
    }
    if kind == "alert":
        clean["for"] = "5m"
        clean["labels"] = {"severity": "warning"}
        clean["annotations"] = {"summary": "The shop is empty.", "description": "Fill the shop."}
    rule = {**clean, **({"expr": content} if isinstance(content, str) else content)}
    return json.dumps({"groups": [{"name": "shop", "rules": [rule]}]}, indent=2)  # JSON is YAML


def _whole(kind: str, content: Any) -> Any:
    entries = content if isinstance(content, list) else [content]
    if kind == "expr":
        return dashboard(*(panel(entry) for entry in entries))
    if kind == "panel":
        return dashboard(*({**panel("up"), **entry} for entry in entries))
    if kind == "variable":
        variables = [{**variable(), **entry} for entry in entries]
        used = " ".join(f"${{{entry.get('name')}}}" for entry in variables)
        return dashboard(panel("up", description=f"What was sold: {used}."), variables=variables)
    if kind == "annotation":
        clean = {"name": "Deployments", "enable": True, "datasource": DATASOURCE, "expr": "up == 0"}
        return dashboard(panel("up"), annotations={"list": [{**clean, **entry} for entry in entries]})
    assert kind == "dashboard", f"nothing is known of {kind}"
    return content
