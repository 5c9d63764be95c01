"""The series of both sides of an operator must find partners: with equal labels, one on at least one side."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import metrics_in, pieces, surely_without
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics
from staging_validation.promql.matching import MatchFault, MatchFaultKind, match_faults
from staging_validation.promql.tree import Aggregation, Binary, VectorSelector, walk

_LACKING = (MatchFaultKind.ABSENT_LABEL, MatchFaultKind.ABSENT_INCLUDE, MatchFaultKind.NEVER_MATCHES)


def _check(query: Query, context: Context) -> Iterator[Fault]:
    for binary in pieces(query, Binary):
        everywhere = query.analysis.labels_everywhere
        if everywhere is None or everywhere.of(binary.left).scalar or everywhere.of(binary.right).scalar:
            continue
        for fault in match_faults(binary, context.known, labels=everywhere):
            if fault.kind in _LACKING and not _is_sure(query, binary, fault, context.known):
                continue
            if not _is_wrong_before(query, binary, fault, context.known):
                yield Fault(
                    fault.message,
                    fault.remedy,
                    span=query.original(fault.span),
                    evidence={"labels": list(fault.labels), "kind": fault.kind.value},
                )


def _is_wrong_before(query: Query, binary: Binary, fault: MatchFault, known: KnownMetrics | None) -> bool:
    """Tell whether the sides only disagree because one names a label that its series never had: others say so."""
    everywhere = query.analysis.labels_everywhere
    for piece in walk(binary):
        if isinstance(piece, Aggregation) and piece.grouping is not None and everywhere is not None:
            inner = everywhere.of(piece.expr)
            if not piece.grouping.without and not all(
                inner.may_have(name.text) for name in piece.grouping.labels
            ):
                return True
        if isinstance(piece, VectorSelector) and known is not None and piece.matchers:
            found = known.of_selector(piece)
            possible = found[0].possible_labels(found[1]) if found is not None else None
            named = {matcher.label.text for matcher in piece.matchers}
            if possible is not None and fault.labels[0] in named - possible:
                return True
    return False


def _is_sure(query: Query, binary: Binary, fault: MatchFault, known: KnownMetrics | None) -> bool:
    """Tell whether a label that a side lacks cannot come from the scrape.

    It cannot where an operator dropped it, and where the metrics are known completely.
    """
    everywhere = query.analysis.labels_everywhere
    label = fault.labels[0]
    sides = [(side, everywhere.of(side)) for side in (binary.left, binary.right)] if everywhere else []
    lacking = [(side, labels) for side, labels in sides if not labels.may_have(label)]
    if not lacking:
        return True  # both have it, with different values
    for side, labels in lacking:
        if labels.lost_at(label) is not None:
            return True
        metrics = [metric for metric, _ in metrics_in(side, known) or ()]
        if known is not None and metrics and surely_without(label, metrics, known):
            return True
    return False


RULE = Rule(
    id="vector-matching",
    summary="The series on both sides of an operator find no partners, or several.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D12", "D11"),
)
