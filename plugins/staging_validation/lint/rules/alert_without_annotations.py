"""Whoever an alert wakes needs to read what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.alert_facts import below
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_NEEDED = {
    "summary": (("summary", "title", "message"), "one line that says what is wrong"),
    "description": (("description", "message", "details"), "what it means and what to do about it"),
}
"""What is needed, by which names it goes, and what stands in it."""


def _check(rule: AlertingRule, _context: Context) -> Iterator[Fault]:
    missing = [
        name
        for name, (accepted, _) in _NEEDED.items()
        if not any(rule.annotations.get(other, "").strip() for other in accepted)
    ]
    if missing:
        there = [name for name in missing if name in rule.annotations]
        yield Fault(
            f"{rule.alert} has no {' and no '.join(missing)}: whoever it wakes reads its name and has to guess.",
            "; ".join(f"write annotations.{name}, {_NEEDED[name][1]}" for name in missing),
            pointer=below(rule.pointer, "annotations", *there[:1]),
            evidence={"missing": ", ".join(missing)},
        )


RULE = Rule(
    id="alert-without-annotations",
    summary="An alert has no summary or no description.",
    severity=Severity.WARNING,
    subject=AlertingRule,
    check=_check,
    classes=("R7",),
)
