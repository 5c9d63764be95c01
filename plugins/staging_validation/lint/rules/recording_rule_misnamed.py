"""What a recorded metric's name says of its labels and its window, readers believe."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.alerts.model import RecordingRule
from staging_validation.lint.alert_facts import readable, shown
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.literals import read_duration
from staging_validation.promql.tree import MatrixSelector, Subquery

_NAME = re.compile(r"(?P<level>[^:]*):[^:]+:(?P<operations>.+)")
_WINDOW = re.compile(r"(?<![0-9.])\d+(?:ms|[smhdwy])$")


def _check(rule: RecordingRule, context: Context) -> Iterator[Fault]:
    query, name = readable(context), _NAME.fullmatch(rule.record)
    if query is None or name is None:
        return
    yield from _level(rule, query, name["level"])
    window = _WINDOW.search(name["operations"])
    if window is not None:
        yield from _window(rule, query, window[0])


def _level(rule: RecordingRule, query: Query, level: str) -> Iterator[Fault]:
    labels = query.labels
    if labels is None or level in rule.labels or labels.may_have(level) or level not in labels.lost:
        return
    span = labels.lost[level]
    yield Fault(
        f"{rule.record} says that it is by {level}, but `{shown(query, span)}` takes that label away.",
        f"keep it: by ({level}), or begin the name with the labels that are left",
        pointer=rule.expr_pointer,
        span=query.original(span),
    )


def _window(rule: RecordingRule, query: Query, said: str) -> Iterator[Fault]:
    windows = [
        *(selector.window for selector in query.pieces(MatrixSelector)),
        *(subquery.window for subquery in query.pieces(Subquery)),
    ]
    if not windows or read_duration(said) in {window.seconds for window in windows}:
        return
    yield Fault(
        f"{rule.record} says {said}, but its query looks at {query.written(windows[0].span)}: whoever uses it reckons "
        "with another window.",
        f"look at {said}, or name it after its window",
        pointer=rule.expr_pointer,
        span=query.original(windows[0].span),
    )


RULE = Rule(
    id="recording-rule-misnamed",
    summary="A recorded metric's name speaks of a label or a window that its query does not have.",
    severity=Severity.WARNING,
    subject=RecordingRule,
    check=_check,
    classes=("R12",),
)
