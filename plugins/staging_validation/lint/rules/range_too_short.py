"""A window must hold enough scrapes: two for a rate, and some more for the day on which one is late."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import NEED_TWO_SAMPLES, is_written, pieces, window_of
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Call, Span, Subquery

_FEW = 4
_NEEDED = 2


def _check(query: Query, context: Context) -> Iterator[Fault]:
    for call in pieces(query, Call):
        window = window_of(call)
        if window is None:
            continue
        if isinstance(window, Subquery):
            if window.step is None or window.step.seconds <= 0:
                continue  # the server's default, which nobody knows here
            step, samples = window.step.seconds, "steps"
        else:
            step, samples = context.scrape_interval_seconds, "scrapes"
        held = window.window.seconds / step
        needed = _NEEDED if call.function.text in NEED_TWO_SAMPLES else 1
        few = held < needed or (needed == _NEEDED and held < _FEW)
        if few and is_written(query, window.window.span):
            yield _fault(
                query, call, span=window.window.span, held=held, needed=needed, samples=samples, step=step
            )


def _fault(
    query: Query,
    call: Call,
    *,
    span: Span,
    held: float,
    needed: int,
    samples: str,
    step: float,
) -> Fault:
    function = call.function.text
    dead = held < needed
    count = f"{held:.3g} {samples}" if samples == "steps" else f"{held:.3g} {samples} of {step:g} s"
    if dead and needed == _NEEDED:
        does = f"but {function}() needs two samples and mostly has no result"
    elif dead:
        does = "so it is often empty and the result comes and goes"
    else:
        does = f"so one that is late or fails leaves {function}() without a result: gaps"
    return Fault(
        f"The window [{query.written(span)}] holds {count}, {does}.",
        f"write at least {_duration(_FEW * step)}"
        + (", or $__rate_interval in a panel" if samples == "scrapes" else ", or a smaller step"),
        span=query.original(span),
        evidence={"window holds": round(held, 3), "step_seconds": step},
        severity=None if dead and needed == _NEEDED else Severity.WARNING,
    )


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g}m" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:g}s"


RULE = Rule(
    id="range-too-short",
    summary="A window holds too few scrapes for its function.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D15",),
)
