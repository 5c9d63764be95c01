"""Works out what recording rules make: the labels, values and units of the metrics that they record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from staging_validation.alerts.model import RecordingRule, RuleFile
from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.intervals import ANYTHING, Interval, hull
from staging_validation.promql.known import KnownMetric, KnownMetrics, LabelValues, MetricKind, metric_name
from staging_validation.promql.labels import Labels, infer_labels
from staging_validation.promql.parser import parse
from staging_validation.promql.ranges import infer_range
from staging_validation.promql.tree import Expr, VectorSelector, walk
from staging_validation.promql.units import infer_unit, unit_of_word

_MOST_ROUNDS = 8
"""How many recorded metrics may be made of each other in a row; of longer rows nothing is said."""

_ANY_VALUE = LabelValues(frozenset(), open=True)
_NAME = frozenset({"__name__"})


@dataclass(frozen=True, slots=True)
class _Recording:
    """A metric that is recorded, and the queries whose results it is.

    Attributes:
        name: Its name.
        parts: Each rule's query, with the labels that the rule adds.
        reads: The metrics that they read.
    """

    name: str
    parts: tuple[tuple[Expr, dict[str, str]], ...]
    reads: frozenset[str]


def with_recorded(known: KnownMetrics, files: Iterable[RuleFile]) -> KnownMetrics:
    """Return the known metrics with those that rules record.

    Args:
        known: The metrics that are known otherwise; what they say of a name holds.
        files: The files with the rules. A rule whose query is no PromQL makes its metric one of which nothing is known.
    """
    waiting = [recording for recording in _recordings(files) if known.of_series(recording.name) is None]
    done: list[KnownMetric] = []
    for _ in range(_MOST_ROUNDS):
        names = {recording.name for recording in waiting}
        ready = [recording for recording in waiting if recording.reads.isdisjoint(names)]
        if not ready:
            break
        current = KnownMetrics(known.values(), recorded=done)
        done += [_metric(recording, current) for recording in ready]
        waiting = [recording for recording in waiting if recording not in ready]
    return KnownMetrics(known.values(), recorded=[*done, *(_unknown(left.name) for left in waiting)])


def _recordings(files: Iterable[RuleFile]) -> Iterator[_Recording]:
    rules: dict[str, list[tuple[RecordingRule, dict[str, str]]]] = {}
    for file in files:
        for group, rule in file.rules():
            if isinstance(rule, RecordingRule):
                rules.setdefault(rule.record, []).append((rule, {**group.labels, **rule.labels}))
    for name, entries in rules.items():
        parts = [(tree, labels) for rule, labels in entries if (tree := _tree(rule.expr))]
        if len(parts) < len(entries):
            yield _Recording(name, (), frozenset({name}))
            continue
        selectors = [piece for tree, _ in parts for piece in walk(tree) if isinstance(piece, VectorSelector)]
        yield _Recording(name, tuple(parts), frozenset(metric_name(one) or "" for one in selectors))


def _tree(expr: str) -> Expr | None:
    try:
        return parse(expr)
    except PromqlSyntaxError:
        return None  # query-syntax reports it


def _unknown(name: str) -> KnownMetric:
    return KnownMetric(name, MetricKind.UNKNOWN, open_labels=True, interval=ANYTHING)


def _metric(recording: _Recording, known: KnownMetrics) -> KnownMetric:
    labels = [_labelled(infer_labels(tree, known), added) for tree, added in recording.parts]
    guaranteed = frozenset[str].intersection(*(one.guaranteed for one in labels)) - _NAME
    possible = [one.possible for one in labels]
    others = frozenset[str]().union(*(one for one in possible if one is not None)) - guaranteed - _NAME
    return KnownMetric(
        recording.name,
        MetricKind.UNKNOWN,
        _unit(recording.parts, known),
        {label: _values([one.values.get(label, _ANY_VALUE) for one in labels]) for label in guaranteed},
        extra_labels=others,
        open_labels=None in possible,
        interval=_interval([infer_range(tree, known) for tree, _ in recording.parts]),
    )


def _labelled(labels: Labels, added: dict[str, str]) -> Labels:
    """Return the labels with those that the rule adds; an empty value takes one away."""
    for label, value in added.items():
        fixed = LabelValues(frozenset({value}), open=False)
        labels = labels.having(label, fixed) if value else labels.maybe_having(label)
    return labels


def _values(parts: Sequence[LabelValues]) -> LabelValues:
    every = frozenset[str]().union(*(part.values for part in parts))
    return LabelValues(every, open=any(part.open for part in parts))


def _unit(parts: Sequence[tuple[Expr, dict[str, str]]], known: KnownMetrics) -> str | None:
    """Return the word for the unit; None where the parts differ, and where there is no word for it."""
    units = {infer_unit(tree, known) for tree, _ in parts}
    unit = units.pop() if len(units) == 1 else None
    name = unit.name if unit else None
    return name if name and unit_of_word(name) == unit else None


def _interval(parts: Sequence[Interval]) -> Interval:
    whole = parts[0]
    for part in parts[1:]:
        whole = hull(whole, part)
    return whole
