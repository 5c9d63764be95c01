"""An alert is the same alert as long as its labels are the same; a value among them changes each time."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.alerts.templates import TemplateUse, UseKind
from staging_validation.lint.alert_facts import AlertText, alert_texts, readable
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_CHOOSING = frozenset({"gt", "ge", "lt", "le", "eq", "ne", "and", "or", "not"})
"""Functions that make one of a few answers of the value."""


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    query = readable(context)
    if query is not None and query.interval is not None and query.interval.constant is not None:
        return  # the value is always the same
    for text in alert_texts(rule):
        if text.part != "labels":
            continue
        for use in text.template.uses:
            if use.kind is UseKind.VALUE and _CHOOSING.isdisjoint(use.pipeline):
                yield _fault(rule, text, use)
                break


def _fault(rule: AlertingRule, text: AlertText, use: TemplateUse) -> Fault:
    waits = " and `for` starts anew, so that it hardly ever fires" if rule.for_seconds else ""
    return Fault(
        f"The label {text.name} holds the value: whenever it changes, {rule.alert} ends and another alert "
        f"begins{waits}.",
        "move it into an annotation",
        pointer=text.pointer,
        evidence={"template": text.text, "at": text.text[slice(*use.span)]},
    )


RULE = Rule(
    id="alert-value-in-labels",
    summary="A label of an alert holds the value.",
    severity=Severity.WARNING,
    subject=AlertingRule,
    check=_check,
    classes=("R8",),
)
