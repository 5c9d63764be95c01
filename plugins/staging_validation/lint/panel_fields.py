"""The fields of a panel's result: what its queries, its legends and its transformations name them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from staging_validation.dashboards.model import Panel, Target, TargetKind
from staging_validation.dashboards.variable_uses import text_uses
from staging_validation.lint.query import Query
from staging_validation.promql.known import metric_name
from staging_validation.promql.tree import Span, VectorSelector

if TYPE_CHECKING:
    from staging_validation.dashboards.model import Transformation

_AUTOMATIC = frozenset({"", "__auto"})
_LABEL_OF_LEGEND = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_NUMBERED = re.compile(r" \d+$")
_MOST_NAMES = 100
_CHANGES_NO_NAMES = frozenset({"filterByRefId", "filterFieldsByName", "filterByValue", "sortBy", "limit"})
_JOINS = frozenset({"joinByField", "seriesToColumns", "merge"})


class LegendLabel(NamedTuple):
    """A label that a legend shows.

    Attributes:
        name: The label.
        span: Its place in the legend, braces included.
    """

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that a panel's result may have.

    Attributes:
        names: Names that are known.
        patterns: Names of which only a part is known.
        open: Whether there may be any other.
    """

    names: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()
    open: bool = False

    def may_have(self, name: str) -> bool:
        """Return whether there may be a field of a name; of equal names Grafana numbers all but the first."""
        if self.open or name in self.names or _NUMBERED.sub("", name) in self.names:
            return True
        return any(found.fullmatch(name) for found in self.patterns)

    def may_match(self, regex: re.Pattern[str]) -> bool:
        """Return whether a regular expression may match a field's name."""
        return self.open or bool(self.patterns) or any(regex.search(name) for name in self.names)

    def also(self, *others: Fields) -> Fields:
        """Return the fields of several results together."""
        return Fields(
            self.names.union(*(other.names for other in others)),
            (*self.patterns, *(found for other in others for found in other.patterns)),
            self.open or any(other.open for other in others),
        )


def legend_labels(legend: str) -> tuple[LegendLabel, ...]:
    """Return the labels that a legend shows, in order."""
    return tuple(LegendLabel(found[1], Span(*found.span())) for found in _LABEL_OF_LEGEND.finditer(legend))


def is_literal(legend: str | None) -> bool:
    """Return whether a legend is the same text for every series."""
    return legend not in _AUTOMATIC and legend is not None and "{{" not in legend and not text_uses(legend)


def target_fields(target: Target, query: Query | None) -> Fields:
    """Return the fields of one query's result, before any transformation."""
    labels = query.labels if query is not None else None
    if query is None or labels is None or target.format == "heatmap":
        return Fields(open=True)
    names = {"Time", "Value", f"Value #{target.ref_id}"}
    names |= {name for selector in query.pieces(VectorSelector) if (name := metric_name(selector))}
    if target.format == "table":
        return Fields(frozenset(names | (labels.possible or set())), open=labels.possible is None)
    if target.legend is None or target.legend in _AUTOMATIC:
        return Fields(open=True)
    return _named(target.legend, query).also(Fields(frozenset(names)))


def _named(legend: str, query: Query) -> Fields:
    """Return the names that a legend gives the series: all of them, where every label's values are known."""
    pieces = [
        *((span, _values(query, label)) for label, span in legend_labels(legend)),
        *((use.span, None) for use in text_uses(legend)),
    ]
    texts: list[list[str] | None] = []
    position = 0
    for span, values in sorted(pieces, key=lambda piece: piece[0]):
        texts += ([legend[position : span.start]], values)
        position = span.end
    texts.append([legend[position:]])
    known = [values for values in texts if values is not None]
    count = 1
    for values in known:
        count *= len(values)
    if len(known) == len(texts) and count <= _MOST_NAMES:
        return Fields(frozenset("".join(parts) for parts in product(*known)))
    pattern = "".join(
        ".*" if values is None else f"(?:{'|'.join(map(re.escape, values))})" for values in texts
    )
    return Fields(patterns=(re.compile(pattern, re.DOTALL),))


def _values(query: Query, label: str) -> list[str] | None:
    """Return the values of a label in a legend; None where they are not known, or a rule finds the label lost."""
    labels = query.labels
    if labels is None or not labels.may_have(label):
        return None
    known = labels.values.get(label)
    if known is None or known.open:
        return None
    return sorted(known.values) if label in labels.guaranteed else ["", *sorted(known.values)]


def panel_fields(panel: Panel, queries: Sequence[Query]) -> Fields:
    """Return the fields of a panel's result, before any transformation."""
    by_target = {id(query.owner.target): query for query in queries}
    shown = [target for target in panel.targets if not target.hidden]
    if not shown or any(target.kind is not TargetKind.PROMQL for target in shown):
        return Fields(open=True)
    return Fields().also(*(target_fields(target, by_target.get(id(target))) for target in shown))


def field_stages(panel: Panel, queries: Sequence[Query]) -> Iterator[tuple[Transformation | None, Fields]]:
    """Yield each transformation with the fields that it is given; last None with the fields that are left.

    Args:
        panel: The panel.
        queries: Its PromQL queries.
    """
    fields = panel_fields(panel, queries)
    for step in panel.transformations:
        if step.disabled:
            continue
        yield step, fields
        fields = _transformed(fields, step, queries)
    yield None, fields


def _transformed(fields: Fields, step: Transformation, queries: Sequence[Query]) -> Fields:
    options = step.options
    if step.id in _CHANGES_NO_NAMES:
        return fields
    if step.id == "organize":
        renamed = options.get("renameByName")
        new = renamed.values() if isinstance(renamed, dict) else ()
        return fields.also(Fields(frozenset(name for name in new if isinstance(name, str) and name)))
    if step.id in _JOINS:
        return fields.also(Fields(patterns=(re.compile(r".* \d+|Value.*", re.DOTALL),)))
    if step.id == "labelsToFields" and options.get("mode") != "rows":
        found = [query.labels.possible if query.labels else None for query in queries]
        if options.get("valueLabel") or any(labels is None for labels in found):
            return Fields(open=True)
        return fields.also(Fields(frozenset().union(*(labels for labels in found if labels is not None))))
    return Fields(open=True)
