"""Alertmanager decides by labels who is woken; without a severity an alert takes the default route."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.alert_facts import below, readable, rule_labels
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_NAMES = ("severity", "priority", "level")


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    labels = rule_labels(rule, context)
    if any(labels.get(name, "").strip() for name in _NAMES):
        return
    query = readable(context)
    if query is not None and query.labels is not None and query.labels.guaranteed.intersection(_NAMES):
        return
    yield Fault(
        f"{rule.alert} has no severity: nothing says whether it should wake somebody, so it takes the default route.",
        "add labels.severity: critical, warning or info",
        pointer=below(rule.pointer, "labels", *(("severity",) if "severity" in rule.labels else ())),
    )


RULE = Rule(
    id="alert-without-severity",
    summary="An alert has no severity.",
    severity=Severity.WARNING,
    subject=AlertingRule,
    check=_check,
    classes=("R7",),
)
