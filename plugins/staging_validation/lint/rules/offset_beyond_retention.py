"""Prometheus forgets: what lies further back than it keeps is no data."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import empty, is_written, pieces
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Duration, MatrixSelector, Subquery, VectorSelector

_DAY = 86_400


def _check(query: Query, context: Context) -> Iterator[Fault]:
    kept = context.settings.retention_seconds
    if kept is None:
        return
    moved: list[VectorSelector | Subquery] = [*pieces(query, VectorSelector), *pieces(query, Subquery)]
    for piece in moved:
        window = _window(query, piece)
        back = (window.seconds if window else 0.0) + (piece.offset.seconds if piece.offset else 0.0)
        culprit = piece.offset if piece.offset and piece.offset.seconds > kept else window or piece.offset
        if culprit is None or back <= kept or not is_written(query, culprit.span):
            continue
        whole = piece.offset is not None and piece.offset.seconds >= kept
        does = empty(query) if whole else "the rest of the window is missing, and sums over it are too small"
        yield Fault(
            f"The query looks back {_days(back)}, but Prometheus keeps {_days(kept)}: {does}.",
            "look back less far, or keep more (--storage.tsdb.retention.time)",
            span=query.original(culprit.span),
            evidence={"looks_back_seconds": back, "retention_seconds": kept},
        )


def _window(query: Query, piece: VectorSelector | Subquery) -> Duration | None:
    if isinstance(piece, Subquery):
        return piece.window
    above = query.parent(piece)
    return above.window if isinstance(above, MatrixSelector) else None


def _days(seconds: float) -> str:
    return f"{seconds / _DAY:.3g} days" if seconds >= 2 * _DAY else f"{seconds / 3600:.3g} hours"


RULE = Rule(
    id="offset-beyond-retention",
    summary="A query looks further back than Prometheus keeps.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D18", "D17"),
)
