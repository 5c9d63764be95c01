"""A message as plain text: the one part of an e-mail that every reader shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staging_validation.notifications import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from staging_validation.notifications.message import Finding, Message


def subject_line(message: Message) -> str:
    """Return the subject of an e-mail, in one line without control characters."""
    text = f"[staging validation] {wording.headline(message)} ({message.run_id})"
    return "".join(char if char.isprintable() else " " for char in text)


def render_text(message: Message) -> str:
    """Render a message as plain text."""
    return "\n".join(_lines(message)) + "\n"


def _lines(message: Message) -> Iterator[str]:
    yield wording.headline(message)
    yield ""
    yield wording.lead(message)
    if wording.times(message):
        yield f"{wording.times(message)}."
    if message.jobs:
        yield ""
        width = max(len(job.title) for job in message.jobs)
        yield from (f"  {job.title:<{width}}  {wording.counted(job)}" for job in message.jobs)
    for finding in message.findings:
        yield ""
        yield from _finding(finding)
    if message.further_findings:
        yield ""
        yield f"… {wording.further(message)}."
    yield from _links(message)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{wording.SYMBOLS[finding.outcome]} {finding.outcome.value}: {finding.subject} ({finding.id})"
    yield from (f"    {name + ':':<10}{text}" for name, text in wording.facts(finding))


def _links(message: Message) -> Iterator[str]:
    links = {"Run in Airflow": message.links.airflow_run, "Report": message.links.report}
    if any(links.values()):
        yield ""
    yield from (f"{name}: {link}" for name, link in links.items() if link)
    yield f"Airflow run: {message.airflow_run_id}"
