"""Tells what a YAML file is: rules of Prometheus, of its operator, or one of the files that look like them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from staging_validation.alerts.model import RuleEnvelope
from staging_validation.documents import Place

OPERATOR_KIND = "PrometheusRule"

_RULE_TEST_KEYS = frozenset({"rule_files", "tests"})
_GRAFANA_KEYS = frozenset(
    {"groups", "contactPoints", "policies", "templates", "muteTimes", "deleteRules", "resetPolicies"}
)


def classify(content: object) -> RuleEnvelope:
    """Return what a YAML document is, told by its outermost keys.

    Args:
        content: The document.

    Returns:
        The envelope; a rule file whose key ``groups`` has a slip in it is still one.
    """
    if not isinstance(content, dict):
        return RuleEnvelope.OTHER
    if "kind" in content or "spec" in content:
        holds = next(operator_specs(content), None) is not None
        return RuleEnvelope.OPERATOR if holds else RuleEnvelope.OTHER
    if isinstance(content.get("apiVersion"), int) and not _GRAFANA_KEYS.isdisjoint(content):
        return RuleEnvelope.GRAFANA_MANAGED
    if not _RULE_TEST_KEYS.isdisjoint(content) and "groups" not in content:
        return RuleEnvelope.RULE_TESTS
    return RuleEnvelope.PROMETHEUS if _has_groups(content) or _bare_rules(content) else RuleEnvelope.OTHER


def operator_specs(content: Mapping[Any, Any]) -> Iterator[tuple[Place, Mapping[Any, Any]]]:
    """Yield the operator's resources of a Kubernetes document, with their places: the only one, or a list's."""
    items = content.get("items")
    if isinstance(items, list) and str(content.get("kind", "")).endswith("List"):
        for position, item in enumerate(items):
            if isinstance(item, dict) and item.get("kind") == OPERATOR_KIND:
                yield ("items", position), item
        return
    spec = content.get("spec")
    if content.get("kind") == OPERATOR_KIND or (isinstance(spec, dict) and _looks_like_groups(spec)):
        yield (), content


def _looks_like_groups(spec: Mapping[Any, Any]) -> bool:
    groups = spec.get("groups")
    return isinstance(groups, list) and any(isinstance(group, dict) and "rules" in group for group in groups)


def _has_groups(content: Mapping[Any, Any]) -> bool:
    return bool(difflib.get_close_matches("groups", [str(key).lower() for key in content], cutoff=0.8))


def _bare_rules(content: Mapping[Any, Any]) -> bool:
    """Tell whether rules stand at the top, without a group around them."""
    rules = content.get("rules")
    return isinstance(rules, list) and any(
        isinstance(rule, dict) and ("alert" in rule or "record" in rule) for rule in rules
    )
