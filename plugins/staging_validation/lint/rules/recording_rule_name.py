"""Recorded metrics are named level:metric:operations, so that readers see what is in them."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.alerts.model import RecordingRule
from staging_validation.lint.alert_facts import below
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_COLONS = 2


def _check(rule: RecordingRule, _context: Context) -> Iterator[Fault]:
    if rule.record.count(":") < _COLONS:
        yield Fault(
            f"{rule.record} is not named level:metric:operations: a query does not show that it is recorded, nor by "
            "which labels and over which window.",
            "name it by the labels that are left, the metric and what was done: job:requests:rate5m",
            pointer=below(rule.pointer, "record"),
        )


RULE = Rule(
    id="recording-rule-name",
    summary="A recorded metric is not named level:metric:operations.",
    severity=Severity.INFO,
    subject=RecordingRule,
    check=_check,
    classes=("R12",),
    style=True,
)
