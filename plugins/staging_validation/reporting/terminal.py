"""What a run found, for a terminal: a table grouped by job, and one line."""

from __future__ import annotations

from rich import box
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
from staging_validation.results import CheckResult, RunResults


def results_table(results: RunResults) -> Table:
    """Lay a run's results out as a table, one section a job.

    A passed check takes one line, cut to fit; what people must read is shown in full, with its remedy.

    Args:
        results: The run.

    Returns:
        A table for :class:`rich.console.Console`; texts in it are shown as they are, not read as markup.
    """
    table = Table(
        title=Text(f"Run {results.run_id}: {results.outcome.value}"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        expand=True,
    )
    table.add_column("", no_wrap=True)
    table.add_column("Check", ratio=1)
    table.add_column("Found", ratio=1)
    table.add_column("Time", justify="right", no_wrap=True)
    for kind, group in by_job(results.results):
        counts = ", ".join(f"{count} {status.name}" for status, count in count_statuses(group))
        table.add_row("", Text(JOB_TITLES[kind], style="bold"), Text(counts, style="bold"))
        for result in group:
            table.add_row(*_cells(result))
        table.add_section()
    return table


def _cells(result: CheckResult) -> tuple[Text, Text, Text, Text]:
    status = status_of(result)
    text = found(result)
    in_full = bool(needing_attention([result]))
    if in_full and result.remedy:
        text = f"{result.subject}: {text}\nremedy: {result.remedy}"
    return (
        Text(f"{status.symbol} {status.name}", style=status.style),
        _cell(result.id, in_full=in_full),
        _cell(text, in_full=in_full),
        Text(duration(result.duration_seconds) if result.duration_seconds else ""),
    )


def _cell(text: str, *, in_full: bool) -> Text:
    return Text(text, no_wrap=not in_full, overflow="fold" if in_full else "ellipsis")


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
