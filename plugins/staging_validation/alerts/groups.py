"""Reads one group of a rule file, and its rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from staging_validation.alerts.fields import Fields
from staging_validation.alerts.model import AlertingRule, RecordingRule, Rule, RuleGroup
from staging_validation.documents import Place

_GROUP_KEYS = frozenset({"name", "interval", "query_offset", "limit", "labels", "rules"})
_OPERATOR_GROUP_KEYS = _GROUP_KEYS | {"partial_response_strategy"}
_OTHER_SYSTEMS = {
    "partial_response_strategy": "Thanos",
    "evaluation_delay": "Mimir",
    "source_tenants": "Mimir",
    "align_evaluation_time_on_interval": "Mimir",
}
_RULE_KEYS = frozenset({"alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"})
_ALERT_ONLY = ("for", "keep_firing_for", "annotations")
_MISPLACED = {
    **dict.fromkeys(("severity", "team"), "put it below labels"),
    **dict.fromkeys(
        ("summary", "description", "message", "runbook", "runbook_url", "dashboard_url"), "put it below annotations"
    ),
    **dict.fromkeys(("expression", "query"), "write expr"),
    **dict.fromkeys(("duration", "pending"), "write for"),
    "name": "write alert for the name of an alert, record for that of a metric",
}  # fmt: skip
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def read_group(fields: Fields, value: object, place: Place, *, operator: bool) -> RuleGroup | None:
    """Read a group.

    Args:
        fields: The document it stands in; receives the problems.
        value: The group.
        place: Its place.
        operator: Whether it stands in a resource of the Prometheus operator, which knows one key more.

    Returns:
        The group with the rules that could be read; None when it is no mapping.
    """
    group = fields.mapping(value, place, "A group")
    if group is None:
        return None
    known = _OPERATOR_GROUP_KEYS if operator else _GROUP_KEYS
    foreign = [key for key in group if key in _OTHER_SYSTEMS and key not in known]
    for key in foreign:
        fields.report(
            (*place, key),
            f"{key} is understood by {_OTHER_SYSTEMS[key]} only; Prometheus refuses the file.",
            "remove it where Prometheus evaluates the rules",
            refused=False,
        )
    slips = fields.unknown_keys(group, place, known.union(foreign), {})
    name = fields.text(group, place, "name")
    if not name and not slips:
        fields.report(
            (*place, "name"), "The group has no name, and Prometheus refuses the file.", "give it one"
        )
    fields.whole_number(group, place, "limit")
    rules = tuple(
        rule for below, item in fields.items(group, place, "rules") for rule in _rule(fields, item, below)
    )
    _report_duplicates(fields, rules)
    return RuleGroup(
        name=name,
        rules=rules,
        pointer=fields.pointer(place),
        line=fields.line(place),
        interval_seconds=fields.seconds(group, place, "interval") or None,
        query_offset_seconds=fields.seconds(group, place, "query_offset") or 0.0,
        labels=_labels(fields, group, place, "labels"),
    )


def _rule(fields: Fields, value: object, place: Place) -> Iterator[Rule]:
    """Yield the rule, or nothing when it has no name or no query."""
    rule = fields.mapping(value, place, "A rule")
    if rule is None:
        return
    slips = fields.unknown_keys(rule, place, _RULE_KEYS, _MISPLACED)
    alert, record, expr = (fields.text(rule, place, key) for key in ("alert", "record", "expr"))
    if alert and record:
        fields.report(
            (*place, "record"),
            "A rule either alerts or records, and this one has both names.",
            "make two rules of it",
        )
    elif not (alert or record or slips):
        fields.report(place, "The rule has no name.", "name it: alert for an alert, record for a metric")
    if not expr.strip() and slips:
        return
    if not expr.strip():
        fields.report(
            (*place, "expr"), f"{alert or record or 'The rule'} has no query.", "write it below expr"
        )
        return
    if alert:
        yield _alerting(fields, rule, place, alert, expr)
    elif record:
        yield _recording(fields, rule, place, record, expr)


def _alerting(fields: Fields, rule: Mapping[Any, Any], place: Place, alert: str, expr: str) -> AlertingRule:
    return AlertingRule(
        alert=alert,
        expr=expr,
        pointer=fields.pointer(place),
        line=fields.line(place),
        for_seconds=fields.seconds(rule, place, "for") or 0.0,
        keep_firing_for_seconds=fields.seconds(rule, place, "keep_firing_for") or 0.0,
        labels=_labels(fields, rule, place, "labels"),
        annotations=_labels(fields, rule, place, "annotations"),
    )


def _recording(
    fields: Fields, rule: Mapping[Any, Any], place: Place, record: str, expr: str
) -> RecordingRule:
    for key in _ALERT_ONLY:
        if rule.get(key):
            fields.report(
                (*place, key),
                f"{record} records a metric, and {key} is for alerts: Prometheus refuses the file.",
                "remove it",
            )
    if not _METRIC.fullmatch(record):
        fields.report(
            (*place, "record"),
            f"{record!r} is no metric name that Prometheus 2 accepts; with Prometheus 3 every query must quote it.",
            "use letters, digits, underscores and colons only",
            refused=False,
        )
    labels = _labels(fields, rule, place, "labels")
    return RecordingRule(record, expr, fields.pointer(place), fields.line(place), labels)


def _labels(fields: Fields, parent: Mapping[Any, Any], place: Place, key: str) -> dict[str, str]:
    """Return labels or annotations, their names checked."""
    found = fields.texts(parent, place, key)
    for name in found:
        below = (*place, key, name)
        if name == "__name__" and key == "labels":
            fields.report(below, "A rule may not set the label __name__.", "remove it; record names a metric")
        elif not _LABEL.fullmatch(name):
            fields.report(
                below,
                f"{name!r} is no name that Prometheus 2 accepts for one of the {key}.",
                "use letters, digits and underscores only",
                refused=False,
            )
    return found


def _report_duplicates(fields: Fields, rules: tuple[Rule, ...]) -> None:
    """Note rules of one name and the same labels, as promtool does."""
    first: dict[tuple[str, tuple[tuple[str, str], ...]], Rule] = {}
    for rule in rules:
        earlier = first.setdefault((rule.name, tuple(sorted(rule.labels.items()))), rule)
        if earlier is not rule:
            fields.report_at(
                rule.pointer,
                rule.line,
                f"{rule.name} stands on line {earlier.line} already, with the same labels: their series cannot be "
                "told apart.",
                "remove one of them, or give them different labels",
            )
