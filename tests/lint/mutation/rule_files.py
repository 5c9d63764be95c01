"""Breaks rule files around their queries: texts, labels, names, groups (classes A3, D24, R4 to R9, R10, R12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from staging_validation.alerts.model import AlertingRule, RecordingRule
from staging_validation.lint.query import Query, QueryKind
from tests.lint.mutation.alerts import threshold
from tests.lint.mutation.documents import append, drop, look, put
from tests.lint.mutation.mutant import Change, Control, Place, operator
from tests.lint.mutation.promql_labels import grouped, without
from tests.lint.mutation.queries import Edit, at, query_operator, whole

_RULES = ("rules",)
_LABEL = re.compile(r"\$labels\.(\w+)")
_CONSTANT = ("== 0", "== 1", "absent(", "vector(1)")
"""What tells an alert whose value never changes."""


def _alerts(control: Control) -> Iterator[AlertingRule]:
    for _, rule in control.rules.rules.rules():
        if isinstance(rule, AlertingRule):
            yield rule


@operator("R4", "alert-template-label", on=_RULES)
def label_of_nothing(control: Control) -> Iterator[Change]:
    """A text shows a label that the result does not have."""
    for rule in _alerts(control):
        for name, text in rule.annotations.items():
            pointer = f"{rule.pointer}/annotations/{name}"
            for label in dict.fromkeys(_LABEL.findall(text)):
                for wrong in ("region", f"{label}s"):
                    changed = text.replace(f"$labels.{label}", f"$labels.{wrong}")
                    yield Change(
                        f"{rule.alert} {name}: {label} becomes {wrong}",
                        (Place(pointer),),
                        put(control.document, pointer, changed),
                    )
        pointer = f"{rule.pointer}/annotations/summary"
        changed = f"{rule.annotations['summary']} at {{{{ $labels.customer_id }}}}"
        yield Change(f"{rule.alert}: customer", (Place(pointer),), put(control.document, pointer, changed))


@operator("R4", "alert-template-label", on=_RULES)
def label_dropped(control: Control) -> Iterator[Change]:
    """The query drops a label that a text shows."""
    for query in control.queries:
        rule = query.owner.alert
        if not isinstance(rule, AlertingRule) or " on (" in query.text:
            continue
        shown = {label for text in rule.annotations.values() for label in _LABEL.findall(text)}
        groupings = [grouping for _, grouping in grouped(query)]
        for label in sorted(shown):
            if len(groupings) == 1 and any(name.text == label for name in groupings[0].labels):
                edit = without(
                    query, groupings[0], next(name for name in groupings[0].labels if name.text == label)
                )
                text = query.text[: edit.span.start] + edit.text + query.text[edit.span.end :]
                places = (Place(query.pointer), Place(f"{rule.pointer}/annotations/summary"))
                yield Change(f"{rule.alert}: {label}", places, put(control.document, query.pointer, text))


@operator("R5", "alert-template-syntax", on=_RULES)
def template_broken(control: Control) -> Iterator[Change]:
    """A text that is no template."""
    wrong = (
        "{{ $value | humanizePercent }}",
        "{{ $value",
        "{{ $label.plan }}",
        "{{ if }}x",
        "{{ .labels.plan | }}",
    )
    for number, rule in enumerate(_alerts(control)):
        pointer = f"{rule.pointer}/annotations/summary"
        text = f"Now {wrong[number % len(wrong)]}"
        yield Change(f"{rule.alert}: {text}", (Place(pointer),), put(control.document, pointer, text))


@operator("R6", "alert-template-unit", on=_RULES)
def template_of_another_unit(control: Control) -> Iterator[Change]:
    """A text takes the value for something of another unit or size."""
    for query in control.queries:
        rule = query.owner.alert
        if not isinstance(rule, AlertingRule) or query.unit is None:
            continue
        pointer = f"{rule.pointer}/annotations/summary"
        places = (Place(pointer), Place(query.pointer))
        unit = query.unit.dimension
        wrong = {"seconds": ("humanizePercentage",), "milliseconds": ("humanizeDuration", "humanizePercentage"),
                 "ratio": ("humanizeDuration",)}.get(str(getattr(unit, "value", unit)), ())  # fmt: skip
        for function in wrong:
            text = f"Now {{{{ $value | {function} }}}}"
            yield Change(f"{rule.alert}: {function}", places, put(control.document, pointer, text))
        if "humanizePercentage" in rule.annotations["summary"]:
            found = threshold(query)
            assert found is not None
            left = at(query, found[0].left)
            text = f"{query.text[: left.start]}100 * {query.text[left.start : left.end]} > 20"
            yield Change(f"{rule.alert}: times 100", places, put(control.document, query.pointer, text))
        if "humanizeDuration" in rule.annotations["summary"] and " / 1000 > 2" in query.text:
            text = query.text.replace(" / 1000 > 2", " > 2000")
            yield Change(f"{rule.alert}: in milliseconds", places, put(control.document, query.pointer, text))


@operator("R7", "alert-without-annotations", "alert-without-runbook", on=_RULES)
def texts_missing(control: Control) -> Iterator[Change]:
    """Nothing says what happened, what to do or where to look."""
    for rule in _alerts(control):
        holder = f"{rule.pointer}/annotations"
        links = {name: text for name, text in rule.annotations.items() if not name.endswith("_url")}
        yield Change(
            f"{rule.alert}: links", (Place(holder), Place(rule.pointer)), put(control.document, holder, links)
        )
        for name in ("summary", "description"):
            yield Change(
                f"{rule.alert}: {name}",
                (Place(f"{holder}/{name}"), Place(rule.pointer)),
                drop(control.document, f"{holder}/{name}"),
            )
        yield Change(f"{rule.alert}: all", (Place(holder),), drop(control.document, holder))


@operator("R7", "alert-without-severity", on=_RULES)
def severity_missing(control: Control) -> Iterator[Change]:
    """Nothing says how bad it is."""
    for rule in _alerts(control):
        if "ALERTS{" in rule.expr:
            continue  # it holds others back and needs none
        pointer = f"{rule.pointer}/labels/severity"
        places = (Place(pointer), Place(rule.pointer))
        yield Change(rule.alert, places, drop(control.document, pointer))


@operator("R8", "alert-value-in-labels", on=_RULES)
def value_in_labels(control: Control) -> Iterator[Change]:
    """A label changes with the value: a new alert every minute."""
    changing = [rule for rule in _alerts(control) if not any(text in rule.expr for text in _CONSTANT)]
    for number, rule in enumerate(changing):
        pointer = f"{rule.pointer}/labels/value"
        text = ("{{ $value }}", "{{ .Value }}", "{{ $value | humanize }}")[number % 3]
        yield Change(f"{rule.alert}: {text}", (Place(pointer),), put(control.document, pointer, text))


@operator("R9", "duplicate-alert", "file-schema", on=_RULES)
def alert_twice(control: Control) -> Iterator[Change]:
    """Two alerts of one name."""
    for rule in _alerts(control):
        holder = rule.pointer.rpartition("/")[0]
        copied = look(control.document, rule.pointer)
        number = len(look(control.document, holder))
        places = (Place(f"{holder}/{number}"), Place(rule.pointer))
        yield Change(f"{rule.alert} again", places, append(control.document, holder, copied))
        other = {**copied, "for": "3m"}
        yield Change(f"{rule.alert} with another time", places, append(control.document, holder, other))


@operator("R9", "file-schema", on=_RULES)
def group_twice(control: Control) -> Iterator[Change]:
    """Two groups of one name."""
    groups = control.document["groups"]
    places = (Place(f"/groups/{len(groups)}"), Place("/groups/0"), Place("/groups/1"))
    for group in groups:
        yield Change(
            group["name"],
            places,
            append(control.document, "/groups", {"name": group["name"], "rules": group["rules"][:1]}),
        )
    renamed = put(control.document, "/groups/1/name", groups[0]["name"])
    yield Change("renamed", (Place("/groups/1/name"), Place("/groups/0/name")), renamed)


@operator("R10", "rule-group-interval", on=_RULES)
def evaluated_too_seldom(control: Control) -> Iterator[Change]:
    """A group is evaluated less often than its alerts or windows need."""
    for group in control.rules.rules.groups:
        for interval in ("2h", "6h", "1d"):
            pointer = f"{group.pointer}/interval"
            places = (Place(pointer), *(Place(rule.pointer) for rule in group.rules))
            yield Change(f"{group.name}: {interval}", places, put(control.document, pointer, interval))


@operator("R12", "recording-rule-name", on=_RULES)
def recorded_under_any_name(control: Control) -> Iterator[Change]:
    """A recorded metric whose name does not say what it is."""
    for _, rule in control.rules.rules.rules():
        if isinstance(rule, RecordingRule):
            pointer = f"{rule.pointer}/record"
            name = rule.record.replace(":", "_")
            yield Change(name, (Place(pointer),), put(control.document, pointer, name))


@operator("D24", "recording-rule-missing", "unknown-metric", on=_RULES)
def record_renamed(control: Control) -> Iterator[Change]:
    """A recorded metric that no rule records any more."""
    for _, rule in control.rules.rules.rules():
        used = [query for query in control.queries if rule.name in query.text]
        if isinstance(rule, RecordingRule) and used:
            places = tuple(Place(query.pointer) for query in used)
            for what, changed in (
                ("renamed", put(control.document, f"{rule.pointer}/record", f"{rule.record}_v2")),
                (
                    "misspelt",
                    put(
                        control.document,
                        used[0].pointer,
                        used[0].text.replace(rule.record, f"{rule.record}s"),
                    ),
                ),
            ):
                yield Change(f"{rule.record} {what}", places, changed)


@operator("R9", "duplicate-recording-rule", on=_RULES)
def recorded_twice(control: Control) -> Iterator[Change]:
    """Two groups record one metric."""
    for _, rule in control.rules.rules.rules():
        if isinstance(rule, RecordingRule):
            other = "/groups/1/rules" if rule.pointer.startswith("/groups/0/") else "/groups/0/rules"
            number = len(look(control.document, other))
            places = (Place(f"{other}/{number}"), Place(rule.pointer))
            copied = look(control.document, rule.pointer)
            yield Change(rule.record, places, append(control.document, other, copied))


@query_operator("R12", "recording-rule-misnamed", on=_RULES, kinds=(QueryKind.RECORD,))
def recorded_over_another_time(query: Query, control: Control) -> Iterator[Edit]:
    """A recorded metric's name says another window, or a label that is gone."""
    for piece, grouping in grouped(query):
        if query.parent(piece) is None:
            yield Edit(query.original(grouping.span), "", within=whole(query))
    alert = query.owner.alert
    assert alert is not None
    window = f"[{alert.name[-2:]}]" if "24h" not in alert.name else "[24h]"
    if window in query.text:
        changed = query.text[slice(*whole(query))].replace(window, "[3h]")
        yield Edit(whole(query), changed, within=whole(query))


@operator("A3", "file-schema", on=_RULES)
def field_wrong(control: Control) -> Iterator[Change]:
    """A field that Prometheus does not know, or a value that it refuses."""
    wrong: tuple[tuple[str, Any], ...] = (
        ("fore", "5m"),
        ("for", "5 minutes"),
        ("labels", "severity"),
        ("annotation", {}),
        ("expr", ""),
        ("for", 300.5),
    )
    for number, rule in enumerate(_alerts(control)):
        name, value = wrong[number % len(wrong)]
        pointer = f"{rule.pointer}/{name}"
        yield Change(
            f"{rule.alert}: {name} = {value!r}", (Place(pointer),), put(control.document, pointer, value)
        )


OPERATORS = (
    label_of_nothing, label_dropped, template_broken, template_of_another_unit, texts_missing, severity_missing,
    value_in_labels, alert_twice, group_twice, evaluated_too_seldom, recorded_under_any_name, record_renamed,
    recorded_twice, recorded_over_another_time, field_wrong,
)  # fmt: skip
