"""A legend can only show labels that the query's series have, and must tell several series apart."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Panel, Target
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import fixed_labels, shown_queries
from staging_validation.lint.panel_fields import is_literal, legend_labels
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import STAND_IN
from staging_validation.promql.tree import Aggregation, NumberLiteral, Span, without_parens

_UNNAMED = frozenset({"table", "table-old", "heatmap", "logs"})
_OF_BUCKETS = frozenset({"le", "__name__"})


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    named: dict[str, Target] = {}
    for target, query in shown_queries(panel, context.queries):
        if target.format == "table" or not target.legend or query.labels is None:
            continue
        yield from _lost(target, query)
        if not is_literal(target.legend) or panel.type in _UNNAMED or target.format == "heatmap":
            continue
        first = named.setdefault(target.legend, target)
        if first is not target:
            yield _same(target, first)
        else:
            yield from _one_name(target, query, context)


def _pointer(target: Target) -> str:
    return f"{target.fields}/legendFormat"


def _lost(target: Target, query: Query) -> Iterator[Fault]:
    labels = query.labels
    for name, span in legend_labels(target.legend or "") if labels is not None else ():
        if labels is None or labels.may_have(name):
            continue
        at = _dropper(query, labels.lost_at(name))
        dropper = query.written(at) if at is not None else None
        cause = f", which “{dropper}” takes away" if dropper else ", which its metric does not have"
        there = sorted(
            label for label in labels.possible or () if label != "__name__" and STAND_IN not in label
        )
        yield Fault(
            f"The legend shows {{{{{name}}}}}{cause}: the name of every series has a hole there, and several "
            "series look the same.",
            f"keep the label, for example with by ({name}), or show one that is there: {', '.join(there) or 'none is'}",
            pointer=_pointer(target),
            span=query.original(at) if at is not None else None,
            ref_id=target.ref_id,
            evidence={"label": name, "legend": target.legend, "place": list(span), "dropped_by": dropper},
        )


def _dropper(query: Query, at: Span | None) -> Span | None:
    """Return the piece that takes a label away: of an aggregation its ``by``, where it has one."""
    if at is not None:
        for aggregation in query.pieces(Aggregation):
            if aggregation.operator.span == at and aggregation.grouping is not None:
                return aggregation.grouping.span
    return at


def _same(target: Target, first: Target) -> Fault:
    return Fault(
        f"The queries {first.ref_id} and {target.ref_id} are both named “{target.legend}”: nobody can tell which "
        "line is which.",
        "give each query a legend of its own",
        pointer=_pointer(target),
        ref_id=target.ref_id,
        evidence={"legend": target.legend, "queries": [first.ref_id, target.ref_id]},
    )


def _one_name(target: Target, query: Query, context: Context) -> Iterator[Fault]:
    several = _telling(query, context)
    if several:
        yield Fault(
            f"The query gives a series for each {', '.join(several)}, but the legend names all of them "
            f"“{target.legend}”: nobody can tell which is which.",
            "name what differs: " + " ".join(f"{{{{{label}}}}}" for label in several),
            pointer=_pointer(target),
            ref_id=target.ref_id,
            evidence={"legend": target.legend, "labels": list(several)},
        )


def _telling(query: Query, context: Context) -> tuple[str, ...]:
    """Return the labels in which the query's series surely differ."""
    labels, tree = query.labels, without_parens(query.tree) if query.tree is not None else None
    if labels is None or tree is None or any(_gives_one(piece) for piece in query.pieces(Aggregation)):
        return ()
    fixed = fixed_labels(query, context.dashboard)
    if isinstance(tree, Aggregation) and tree.grouping is not None and not tree.grouping.without:
        asked = [name.text for name in tree.grouping.labels if STAND_IN not in name.text]
    else:
        asked = sorted(
            label
            for label, known in labels.values.items()
            if label in labels.guaranteed and len(known.values) > 1
        )
    return tuple(
        label
        for label in asked
        if label not in fixed | _OF_BUCKETS
        and labels.may_have(label)
        and not _is_one(labels.values.get(label))
    )


def _gives_one(aggregation: Aggregation) -> bool:
    parameter = without_parens(aggregation.parameter) if aggregation.parameter is not None else None
    chosen = aggregation.operator.text in ("topk", "bottomk", "limitk")
    return chosen and isinstance(parameter, NumberLiteral) and parameter.value == 1


def _is_one(known: object) -> bool:
    values, is_open = getattr(known, "values", ()), getattr(known, "open", True)
    return not is_open and len(values) <= 1


RULE = Rule(
    id="legend-label-lost",
    summary="A legend shows a label that the query drops, or gives several series one name.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B10", "D11"),
)
