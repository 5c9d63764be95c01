"""A graph with a line for every customer cannot be read, and grows with the business."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import OVER_TIME, fixed_labels
from staging_validation.lint.query import Query, QueryKind
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import LabelValues
from staging_validation.promql.tree import Aggregation, Span

_DRAWN = OVER_TIME | {"bargauge", "barchart", "piechart", "grafana-piechart-panel"}
_MOST = 50
_FOR_EVERYONE = re.compile(
    r"(?:customer|user|account|tenant|client|member|session|request|trace|order|invoice|payment|message)_?(?:id|uid|uuid)"
    r"|email|uuid|ip|client_ip|remote_addr"
)
"""Labels that have a value for every customer, call or address, however few are known."""
_LIMITS = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


def _check(query: Query, context: Context) -> Iterator[Fault]:
    panel, labels = context.panel, query.labels
    if query.kind is not QueryKind.TARGET or panel is None or labels is None or panel.type not in _DRAWN:
        return
    if context.target is not None and (context.target.hidden or context.target.format == "heatmap"):
        return
    found = [
        (name, labels.values[name])
        for name in sorted(labels.guaranteed)
        if name in labels.values and _are_many(name, labels.values[name])
    ]
    if not found or any(query.calls("histogram_quantile")):
        return  # quantiles have a rule of their own
    aggregations = query.pieces(Aggregation)
    if any(piece.operator.text in _LIMITS for piece in aggregations):
        return
    fixed = fixed_labels(query, context.dashboard)
    for name, values in found:
        if name not in fixed:
            known = f"more than {len(values.values)}" if values.open else str(len(values.values))
            yield Fault(
                f"The panel draws a series for each {name} ({known} values): it cannot be read, and gets slower with "
                "every new one.",
                f"aggregate it away, for example sum without ({name}) (…), or show the largest in a table with topk()",
                span=query.original(_place(query, aggregations, name)),
                evidence={"label": name, "values": len(values.values), "open": values.open},
            )
            return


def _are_many(label: str, values: LabelValues) -> bool:
    return len(values.values) > _MOST or (values.open and _FOR_EVERYONE.fullmatch(label) is not None)


def _place(query: Query, aggregations: tuple[Aggregation, ...], label: str) -> Span:
    """Return where the label is kept: in a ``by``; of the whole query where nothing is aggregated."""
    for aggregation in aggregations:
        grouping = aggregation.grouping
        for name in grouping.labels if grouping is not None and not grouping.without else ():
            if name.text == label:
                return name.span
    return query.tree.span if query.tree is not None else Span(0, 0)


RULE = Rule(
    id="unaggregated-cardinality",
    summary="A graph has a line for every value of a label with very many values.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D22",),
    needs_catalogue=True,
)
