"""A missing value must not look like a healthy one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.dashboards.model import Panel
from staging_validation.dashboards.reading_values import mapping
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import default_pointer, shown_queries, shown_unit
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Aggregation, Binary, VectorSelector, without_parens

_NUMBER = re.compile(r"\s*[$€£]?\s*[-+]?\d+(?:[.,]\d+)?\s*(?:%|[a-zA-Z/]+)?\s*")
_HEALTHY = frozenset({"ok", "okay", "good", "healthy", "up", "fine", "green", "running", "normal", "success"})
_OF_NOTHING = frozenset({"null", "nan", "null+nan", "empty"})
_BARE = frozenset({"none", "short", "sishort", ""})


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    healthy = list(_healthy(panel))
    if healthy:
        queries = [query for _, query in shown_queries(panel, context.queries)]
        if not queries or not all(_absent_means_none(query) for query in queries):
            yield from healthy
    yield from _rounded_away(panel, context)


def _healthy(panel: Panel) -> Iterator[Fault]:
    if panel.no_value is not None and _looks_healthy(panel.no_value):
        yield _fault(panel.no_value, default_pointer(panel, "noValue"))
    for position, entry in enumerate(panel.mappings):
        options = mapping(mapping(entry).get("options"))
        text = mapping(options.get("result")).get("text")
        if str(options.get("match")) in _OF_NOTHING and isinstance(text, str) and _looks_healthy(text):
            yield _fault(text, default_pointer(panel, f"mappings/{position}/options/result/text"))


def _looks_healthy(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) or text.strip().lower() in _HEALTHY


def _absent_means_none(query: Query) -> bool:
    """Return whether a query answers nothing where there is nothing to count: then 0 is the truth."""
    tree = without_parens(query.tree) if query.tree is not None else None
    if isinstance(tree, Aggregation) and tree.operator.text == "count":
        inner = without_parens(tree.expr)
        return isinstance(inner, Binary) or _is_alerts(inner)
    return any(_is_alerts(selector) for selector in query.pieces(VectorSelector))


def _is_alerts(piece: object) -> bool:
    return isinstance(piece, VectorSelector) and piece.metric is not None and piece.metric.text == "ALERTS"


def _fault(text: str, pointer: str) -> Fault:
    return Fault(
        f"Where the query returns nothing the panel shows “{text}”: a dead exporter, a renamed metric and a broken "
        "query all look like a healthy value.",
        'write what it is: "noValue": "no data"',
        pointer=pointer,
        evidence={"shown": text},
    )


def _rounded_away(panel: Panel, context: Context) -> Iterator[Fault]:
    """Yield a fault where whole numbers are shown of a ratio, which lies between 0 and 1."""
    if panel.decimals != 0:
        return
    for target, query in shown_queries(panel, context.queries):
        shown = shown_unit(panel, target, query)
        unit = query.unit if shown is not None and shown.unit in _BARE else None
        interval = query.interval
        if unit is not None and unit.name == "ratio" and interval is not None and interval.highest <= 1:
            yield Fault(
                "The query gives a ratio from 0 to 1, but the panel shows no decimals: whatever it is, the reader "
                "sees 0 or 1.",
                'show it with "unit": "percentunit", or with more decimals',
                pointer=default_pointer(panel, "decimals"),
                ref_id=target.ref_id,
            )
            return


RULE = Rule(
    id="no-value-hides-gap",
    summary="Missing data is shown as a number or as healthy, or decimals are cut off that hold the value.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B7",),
)
