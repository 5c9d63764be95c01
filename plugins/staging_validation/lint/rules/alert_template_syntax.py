"""Labels and annotations are Go templates: a wrong one keeps the file from loading, or shows an error to the reader."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.alerts.templates import TemplateFault, UseKind
from staging_validation.lint.alert_facts import AlertText, alert_texts
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.parser import parse
from staging_validation.promql.tree import Span


def _check(rule: AlertingRule, _context: Context) -> Iterator[Fault]:
    for text in alert_texts(rule):
        for fault in text.template.faults:
            yield _of_template(text, fault)
        for use in text.template.uses:
            if use.kind is UseKind.QUERY and use.name and "\\" not in use.name:
                yield from _of_query(text, use.name, use.span)


def _of_template(text: AlertText, fault: TemplateFault) -> Fault:
    end = " Prometheus refuses the whole rule file." if fault.refused else ""
    return _fault(text, f"In the {text.what}: {fault.message}{end}", fault.remedy, fault.span)


def _of_query(text: AlertText, query: str, span: Span) -> Iterator[Fault]:
    """Yield what is wrong with a query that the template asks when the alert fires."""
    try:
        parse(query)
    except PromqlSyntaxError as error:
        message = (
            f"In the query of the {text.what}: {error.message} The alert shows an error in place of the text."
        )
        yield _fault(text, message, error.remedy or "correct the query", span)


def _fault(text: AlertText, message: str, remedy: str, span: Span) -> Fault:
    return Fault(
        message,
        remedy,
        pointer=text.pointer,
        evidence={"template": text.text, "at": text.text[slice(*span)]},
    )


RULE = Rule(
    id="alert-template-syntax",
    summary="The template of an alert's label or annotation is wrong.",
    severity=Severity.ERROR,
    subject=AlertingRule,
    check=_check,
    classes=("R5",),
)
