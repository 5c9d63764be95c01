"""How a panel makes one number of a series must fit what the series is."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Panel, Target
from staging_validation.dashboards.variable_uses import Place
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import SINGLE_VALUE, shown_queries
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.known import KnownMetrics, MetricKind
from staging_validation.promql.tree import Binary, Call, Expr, VectorSelector, walk, without_parens

_CALCS_LISTED = """
    last lastNotNull first firstNotNull min max mean median variance stdDev sum count range delta step diff diffperc
    logmin allIsZero allIsNull changeCount distinctCount allValues uniqueValues current avg total
"""
_CALCS = frozenset(_CALCS_LISTED.split())
_SUMS, _MEANS = frozenset({"sum", "total"}), frozenset({"mean", "avg"})
_RATES = frozenset({"rate", "irate"})
_CHANGES = frozenset({"rate", "irate", "increase"})


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    if panel.type not in SINGLE_VALUE or panel.shows_all_values:
        return
    for position, calc in enumerate(panel.calcs):
        pointer = f"{panel.options_pointer}/reduceOptions/calcs/{position}"
        if calc not in _CALCS and not _is_percentile(calc):
            yield Fault(
                f"Grafana has no calculation {calc}: the panel shows nothing.",
                'write one that there is, for example "lastNotNull"',
                pointer=pointer,
                severity=Severity.ERROR,
            )
            continue
        for target, query in shown_queries(panel, context.queries):
            reason = _unfit(calc, query, context.known) if query.range_query else None
            if reason is not None:
                yield _fault(calc, reason, pointer, target)
                return


def _is_percentile(calc: str) -> bool:
    return calc[:1] == "p" and calc[1:].isdigit()


def _fault(calc: str, reason: str, pointer: str, target: Target) -> Fault:
    return Fault(
        f"The panel takes the {calc} over the time range, but {reason}.",
        "calculate over the time range in PromQL, by an instant query with [$__range], and show its last value",
        pointer=pointer,
        ref_id=target.ref_id,
        evidence={"calc": calc},
    )


def _unfit(calc: str, query: Query, known: KnownMetrics | None) -> str | None:
    if query.tree is None:
        return None
    quantile = any(query.calls("histogram_quantile"))
    if calc in _MEANS:
        if quantile:
            return "the mean of percentiles is no percentile: quiet minutes count as much as busy ones"
        if _is_ratio_of_changes(query.tree):
            return "the mean of ratios is not the ratio of the range: a quiet minute counts as much as a busy one"
        return None
    if calc not in _SUMS or any(
        use.name.startswith("__interval") and use.place is not Place.DURATION for use in query.uses
    ):
        return None
    if quantile:
        return "percentiles cannot be added"
    if _is_ratio_of_changes(query.tree) or _is_ratio(query):
        return "ratios cannot be added: the sum grows with the number of points"
    if any(query.calls(*_RATES)):
        return "the query is a rate: its sum grows with the number of points and is no number of events"
    if any(query.calls("increase")):
        own_step = any(use.name == "__interval" and use.place is Place.DURATION for use in query.uses)
        return (
            None if own_step else "the windows of increase() overlap, so every event is counted several times"
        )
    return "the values of a gauge at different times cannot be added" if _is_gauge(query, known) else None


def _is_ratio(query: Query) -> bool:
    unit = query.unit
    return unit is not None and unit.dimension == "ratio"


def _is_ratio_of_changes(tree: Expr) -> bool:
    """Return whether somewhere one rate or increase is divided by another."""
    return any(
        isinstance(piece, Binary)
        and piece.operator.text == "/"
        and _has_change(without_parens(piece.left))
        and _has_change(without_parens(piece.right))
        for piece in walk(tree)
    )


def _has_change(expr: Expr) -> bool:
    return any(isinstance(piece, Call) and piece.function.text in _CHANGES for piece in walk(expr))


def _is_gauge(query: Query, known: KnownMetrics | None) -> bool:
    selectors = query.pieces(VectorSelector)
    found = [known.of_selector(selector) for selector in selectors] if known is not None else []
    return bool(found) and all(one is not None and one[0].kind is MetricKind.GAUGE for one in found)


RULE = Rule(
    id="reduce-unfit",
    summary="A panel's calculation over time does not fit its query: the sum of a rate, the mean of a percentile.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B8",),
)
