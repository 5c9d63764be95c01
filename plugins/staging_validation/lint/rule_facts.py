"""What several rules ask of all rule files together: who records what, and which rules are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from staging_validation.alerts.model import AlertingRule, RecordingRule, RuleGroup
from staging_validation.lint.context import FileSet
from staging_validation.lint.query import Query


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule of one of the files.

    Attributes:
        path: The file.
        group: Its group.
        rule: The rule.
        query: Its query.
    """

    path: str
    group: RuleGroup
    rule: AlertingRule | RecordingRule
    query: Query | None


def placed_rules(files: FileSet) -> Iterator[PlacedRule]:
    """Yield every alerting and recording rule of all files."""
    for file in files.rule_files():
        queries = {query.pointer: query for query in file.queries}
        for group, rule in file.rules.rules():
            yield PlacedRule(file.path, group, rule, queries.get(rule.expr_pointer))


def recorded_names(files: FileSet) -> frozenset[str]:
    """Return the metrics that the files record."""
    return frozenset(
        rule.record
        for file in files.rule_files()
        for _, rule in file.rules.rules()
        if isinstance(rule, RecordingRule)
    )


def twins(
    files: FileSet, kind: type[AlertingRule] | type[RecordingRule]
) -> Iterator[tuple[PlacedRule, PlacedRule]]:
    """Yield rules of one name with the same labels, the earlier one first.

    Those inside of one group are left out: the reader of the file reports them. So are those whose series surely
    differ in a label.
    """
    alike: dict[tuple[str, tuple[tuple[str, str], ...]], list[PlacedRule]] = {}
    for placed in placed_rules(files):
        if not isinstance(placed.rule, kind):
            continue
        labels = {**placed.group.labels, **placed.rule.labels}
        earlier = alike.setdefault((placed.rule.name, tuple(sorted(labels.items()))), [])
        first = next((one for one in earlier if one.group is not placed.group), None)
        if first is not None and not _told_apart(first.query, placed.query):
            yield first, placed
        earlier.append(placed)


def _told_apart(one: Query | None, other: Query | None) -> bool:
    """Tell whether the series of two queries surely differ in a label."""
    left, right = one.labels if one else None, other.labels if other else None
    if left is None or right is None:
        return False
    for label in (left.guaranteed | right.guaranteed) - {"__name__"}:
        if not left.may_have(label) or not right.may_have(label):
            return True
        mine, others = left.values.get(label), right.values.get(label)
        if mine and others and not mine.open and not others.open and mine.values.isdisjoint(others.values):
            return True
    return False
