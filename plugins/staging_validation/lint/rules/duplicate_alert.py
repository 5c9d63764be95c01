"""Two alerts of one name with the same labels cannot be told apart: one hides, repeats or resolves the other."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import AlertingRule
from staging_validation.lint.context import Context, FileSet
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule
from staging_validation.lint.rule_facts import twins


def _check(files: FileSet, _context: Context) -> Iterator[Fault]:
    for one, other in twins(files, AlertingRule):
        where = f"{one.path}:{one.rule.line}"
        yield Fault(
            f"{other.rule.name} stands in {where} already, with the same labels: Alertmanager takes the two for one "
            "alert, so it comes twice or one ends the other.",
            "remove one of them, or give them different names or labels",
            pointer=other.rule.pointer,
            file=other.path,
            evidence={"first": where},
        )


RULE = Rule(
    id="duplicate-alert",
    summary="Two alerts in different groups have the same name and the same labels.",
    severity=Severity.WARNING,
    subject=FileSet,
    check=_check,
    classes=("R9",),
)
