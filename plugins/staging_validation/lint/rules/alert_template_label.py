"""A text of an alert can show only labels that the result of its query has; another stays empty."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.alerts.templates import TemplateUse, UseKind
from staging_validation.lint.alert_facts import AlertText, alert_texts, readable, rule_labels, shown
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.labels import Labels


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    query = readable(context)
    labels = query.labels if query else None
    if query is None or labels is None:
        return
    for text in alert_texts(rule):
        seen: set[str] = set()
        for use in text.template.uses:
            wanted = use.kind is UseKind.LABEL and use.name and use.name not in seen
            if wanted and not labels.may_have(use.name):
                seen.add(use.name)
                yield _fault(text, use, query, labels, {"alertname", *rule_labels(rule, context)})


def _fault(text: AlertText, use: TemplateUse, query: Query, labels: Labels, added: set[str]) -> Fault:
    dropped = labels.lost_at(use.name)
    span = query.original(dropped) if dropped else None
    if use.name in added:
        why = "which the rule itself adds only after the texts are filled in"
        remedy = "write its value as plain text"
    elif dropped is not None:
        why = f"which the query does not keep: `{shown(query, dropped)}` takes it away"
        remedy = f"keep it: by ({use.name}, …), or take it out of the text"
    else:
        why = "which no series of the query has"
        near = difflib.get_close_matches(use.name, sorted(labels.possible or ()), n=1)
        remedy = f"did you mean {near[0]}?" if near else "take it out of the text"
    return Fault(
        f"The {text.what} shows the label {use.name}, {why}: that piece of the text stays empty.",
        remedy,
        pointer=text.pointer,
        span=span,
        evidence={
            "label": use.name,
            "template": text.text,
            "at": text.text[slice(*use.span)],
            "labels": ", ".join(sorted((labels.possible or frozenset()) - {"__name__"})),
        },
    )


RULE = Rule(
    id="alert-template-label",
    summary="A text of an alert shows a label that the query's result cannot have.",
    severity=Severity.ERROR,
    subject=AlertingRule,
    check=_check,
    classes=("R4",),
)
