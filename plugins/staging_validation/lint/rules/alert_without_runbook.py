"""An alert's reader needs a way to the runbook or the dashboard."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.alert_facts import below
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_LINKS = ("runbook", "playbook", "dashboard", "grafana", "link", "url", "__dashboarduid__")


def _check(rule: AlertingRule, _context: Context) -> Iterator[Fault]:
    linked = any(
        text.strip() and (any(word in name.lower() for word in _LINKS) or "://" in text)
        for name, text in rule.annotations.items()
    )
    if not linked:
        yield Fault(
            f"{rule.alert} links to no runbook and no dashboard: its reader has to search for them.",
            "add annotations.runbook_url or annotations.dashboard_url",
            pointer=below(rule.pointer, "annotations"),
        )


RULE = Rule(
    id="alert-without-runbook",
    summary="An alert links to no runbook and no dashboard.",
    severity=Severity.INFO,
    subject=AlertingRule,
    check=_check,
    classes=("R7",),
    style=True,
)
