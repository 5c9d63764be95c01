"""What a run found, as one self-contained HTML page: no script, no external resource, readable offline."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache
from typing import Any

from jinja2 import Environment
from pydantic import JsonValue

from staging_validation.reporting import wording
from staging_validation.reporting.templating import strict_environment
from staging_validation.results import RunResults

DEFAULT_TITLE = "Can we trust staging's billing?"


def render_html(results: RunResults, *, title: str = DEFAULT_TITLE) -> str:
    """Render a run's results as a page.

    Args:
        results: The run.
        title: The page's heading.

    Returns:
        HTML that needs nothing else: what failed comes first, then every job's results.
    """
    shown = [result.model_copy() for result in results.results]  # equal results stay two places on the page
    numbers = {id(result): number for number, result in enumerate(shown, start=1)}
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            title=title,
            run=results,
            outcome=wording.status_of_outcome(results.outcome),
            answer=_answer(results),
            started=_moment(results.started_at),
            took=wording.duration((results.finished_at - results.started_at).total_seconds()),
            statuses=[status for status, _ in wording.count_statuses(shown)],
            jobs=[
                {
                    "name": kind.value,
                    "title": wording.JOB_TITLES[kind],
                    "counts": {status.name: n for status, n in wording.count_statuses(group)},
                    "results": [(numbers[id(result)], result) for result in group],
                }
                for kind, group in wording.by_job(shown)
            ],
            attention=[(numbers[id(result)], result) for result in wording.needing_attention(shown)],
        )
    )


@cache
def _environment() -> Environment:
    environment = strict_environment("staging_validation.reporting")
    environment.filters.update(
        plain=wording.plain,
        status=wording.status_of,
        found=wording.found,
        evidence=wording.evidence,
        fields=wording.compared_fields,
        seconds=wording.duration,
        job_title=wording.JOB_TITLES.__getitem__,
    )
    environment.tests.update(rows=_is_rows)
    environment.globals.update(columns=_columns)
    return environment


def _answer(results: RunResults) -> str:
    """Answer the page's question in one sentence."""
    counts = {status.name: count for status, count in wording.count_statuses(results.results)}
    checks = _of(len(results.results), "check")
    sentences = {
        "passed": f"Yes: of {checks}, none failed.",
        "failed": f"No: {counts.get('failed', 0)} of {checks} failed.",
        "errored": f"Not known: {counts.get('errored', 0)} of {checks} could not be made.",
        "refused": "Not asked: the guard refused this environment, and nothing was touched.",
    }
    if results.outcome.value == "failed" and not counts.get("failed"):
        return "No: nothing was checked, which proves nothing."
    return sentences[results.outcome.value]


def _of(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def _is_rows(value: JsonValue) -> bool:
    """Tell whether a value is a list of records, which reads best as a table."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    """Return the names of all fields of some records, in the order of their first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))
