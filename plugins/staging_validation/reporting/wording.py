"""How results are put into words: the same on the page, in the terminal and in the summary line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from staging_validation.results import CheckResult, Kind, Outcome, Severity

JOB_TITLES = {
    Kind.CONNECTION: "Connections",
    Kind.GUARD: "Guard",
    Kind.RESET: "Data reset",
    Kind.TELEMETRY: "Telemetry",
    Kind.DASHBOARD: "Dashboards",
    Kind.ALERT: "Alert rules",
    Kind.WORKFLOW: "Billing workflows",
    Kind.MONEY: "Money",
    Kind.LOAD: "Load",
    Kind.NOTIFICATION: "Messages",
}
"""What people call the jobs, in the order of a run."""


@dataclass(frozen=True)
class Status:
    """How a result is shown: an outcome, or a failed check that is only a warning or a note.

    Attributes:
        name: One word, lower case; also the page's CSS class.
        symbol: A sign that tells it apart without colour.
        style: Its colour in a terminal.
    """

    name: str
    symbol: str
    style: str


STATUSES = (
    Status("refused", "⊘", "bold magenta"),
    Status("failed", "✗", "bold red"),
    Status("errored", "!", "bold yellow"),
    Status("warning", "▲", "yellow"),
    Status("note", "•", "blue"),
    Status("skipped", "○", "dim"),
    Status("passed", "✓", "green"),
)
"""All statuses, the worst first."""

DIFFERING_FIELDS = "differing_fields"
"""Evidence of a result that compares fields by rules: the names of those that are wrong."""

_BY_NAME = {status.name: status for status in STATUSES}
_ATTENTION = ("refused", "failed", "errored", "warning")


def status_of(result: CheckResult) -> Status:
    """Return how a result is shown."""
    if result.outcome is Outcome.FAILED and result.severity is not Severity.ERROR:
        return _BY_NAME["note" if result.severity is Severity.INFO else "warning"]
    return _BY_NAME[result.outcome.value]


def status_of_outcome(outcome: Outcome) -> Status:
    """Return how the outcome of a whole run is shown."""
    return _BY_NAME[outcome.value]


def needing_attention(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Return the results that people must read, the worst first, else in the order of the run."""
    found = [result for result in results if status_of(result).name in _ATTENTION]
    return sorted(found, key=lambda result: _ATTENTION.index(status_of(result).name))


def count_statuses(results: Iterable[CheckResult]) -> list[tuple[Status, int]]:
    """Count results by status, the worst first; statuses that do not occur are left out."""
    counted = Counter(status_of(result).name for result in results)
    return [(status, counted[status.name]) for status in STATUSES if counted[status.name]]


def by_job(results: Iterable[CheckResult]) -> list[tuple[Kind, list[CheckResult]]]:
    """Group results by job, in the order of a run; jobs without results are left out."""
    kept = list(results)
    groups = [(kind, [result for result in kept if result.kind is kind]) for kind in JOB_TITLES]
    return [(kind, group) for kind, group in groups if group]


def plain(value: JsonValue) -> str:
    """Return a JSON value as one line that people can read: text as it is, fields as ``name=value``."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ", ".join(f"{name}={plain(item)}" for name, item in value.items())
    if isinstance(value, list):
        return "; ".join(plain(item) for item in value) or "none"
    return json.dumps(value)


def brief(value: JsonValue, limit: int = 120) -> str:
    """Return :func:`plain`, cut with an ellipsis to at most ``limit`` characters."""
    text = " ".join(plain(value).split())
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def found(result: CheckResult, limit: int = 120) -> str:
    """Say in one line what a check found: the difference, the error, the reason of a skip, or the value."""
    if result.outcome is Outcome.SKIPPED:
        return brief(result.evidence.get("reason"), limit)
    differing = [
        f"{name} is {brief(got, limit)}, expected {brief(wanted, limit)}"
        for name, wanted, got, differs in compared_fields(result)
        if differs
    ]
    if differing:
        return "; ".join(differing)
    if result.outcome is Outcome.FAILED and result.expected is not None:
        return f"{brief(result.actual, limit)} (expected {brief(result.expected, limit)})"
    return "" if result.actual is None else brief(result.actual, limit)


def evidence(result: CheckResult) -> dict[str, JsonValue]:
    """Return a result's evidence without what :func:`compared_fields` already shows."""
    return {name: value for name, value in result.evidence.items() if name != DIFFERING_FIELDS}


def compared_fields(result: CheckResult) -> list[tuple[str, JsonValue, JsonValue, bool]]:
    """Set expected and actual side by side when a result compares fields by name.

    Args:
        result: Any result. Where an expectation is a rule and no value ("any text"), its evidence names the
            fields that are wrong, see :data:`DIFFERING_FIELDS`.

    Returns:
        ``(field, expected, actual, differs)`` for each field; nothing when there are no fields.
    """
    wanted, got = result.expected, result.actual
    if not isinstance(wanted, dict) or not isinstance(got, dict):
        return []
    names = [*wanted, *(name for name in got if name not in wanted)]
    named = result.evidence.get(DIFFERING_FIELDS)
    differing = named if isinstance(named, list) else [n for n in names if wanted.get(n) != got.get(n)]
    failed = result.outcome is Outcome.FAILED
    return [(name, wanted.get(name), got.get(name), failed and name in differing) for name in names]


def duration(seconds: float) -> str:
    """Return a duration in the unit that suits it: ``12 ms``, ``3.4 s``, ``2 min 5 s``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=round(seconds))
    minutes, rest = divmod(int(whole.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
