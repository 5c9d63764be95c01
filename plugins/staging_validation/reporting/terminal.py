"""What a run found, for a terminal: a table grouped by job, and one line."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from staging_validation.reporting.wording import (
    JOB_TITLES,
    by_job,
    count_statuses,
    duration,
    found,
    needing_attention,
    status_of,
)
from staging_validation.results import RunResults


def results_table(results: RunResults) -> Table:
    """Lay a run's results out as a table, one section a job.

    Args:
        results: The run.

    Returns:
        A table for :class:`rich.console.Console`; texts in it are shown as they are, not read as markup.
    """
    table = Table(title=Text(f"Run {results.run_id}: {results.outcome.value}"), title_justify="left")
    table.add_column("Job")
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Check", overflow="fold")
    table.add_column("Looked at", overflow="fold")
    table.add_column("Found", overflow="fold")
    table.add_column("Time", justify="right", no_wrap=True)
    for kind, group in by_job(results.results):
        for position, result in enumerate(group):
            status = status_of(result)
            table.add_row(
                Text(JOB_TITLES[kind] if position == 0 else ""),
                Text(f"{status.symbol} {status.name}", style=status.style),
                Text(result.id),
                Text(result.subject),
                Text(found(result)),
                Text(duration(result.duration_seconds)),
            )
        table.add_section()
    return table


def summary_line(results: RunResults) -> str:
    """Sum a run up in one line: outcome, counts, run, duration, and the first thing to read.

    Args:
        results: The run.
    """
    counts = ", ".join(f"{count} {status.name}" for status, count in count_statuses(results.results))
    took = duration((results.finished_at - results.started_at).total_seconds())
    line = f"{results.outcome.value.upper()}: {counts or 'no results'} (run {results.run_id}, {took})"
    worst_first = needing_attention(results.results)
    if not worst_first:
        return line
    first = worst_first[0]
    return f"{line}. First: {first.id}, {first.subject}: {found(first)}"
