"""A message as Slack blocks (Slack documentation, Block Kit and message formatting)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from staging_validation.notifications import wording
from staging_validation.notifications.message import Event
from staging_validation.results.outcomes import Outcome

if TYPE_CHECKING:
    from staging_validation.notifications.message import Finding, Message

_LONGEST_HEADER = 150
_LONGEST_SECTION = 3000
_EMOJI = {
    Outcome.PASSED: ":white_check_mark:",
    Outcome.FAILED: ":x:",
    Outcome.ERRORED: ":warning:",
    Outcome.REFUSED: ":no_entry:",
}


def render_slack(message: Message) -> dict[str, Any]:
    """Render a message as the body of an incoming webhook.

    Returns:
        ``text``, which notifications and screen readers show, and ``blocks`` within Slack's limits.
    """
    emoji = (
        ":hourglass:" if message.event is Event.LATE else _EMOJI.get(message.outcome or Outcome.ERRORED, "")
    )
    blocks = [_header(wording.headline(message)), _section(f"{emoji} {_escaped(wording.lead(message))}")]
    if message.jobs:
        counts = "\n".join(
            f"• *{_escaped(job.title)}*: {_escaped(wording.counted(job))}" for job in message.jobs
        )
        blocks.append(_section(counts))
    blocks += [_section(_finding(finding)) for finding in message.findings]
    blocks.append(_context(_footer(message)))
    return {"text": _cut(_escaped(wording.lead(message)), _LONGEST_SECTION), "blocks": blocks}


def _finding(finding: Finding) -> str:
    facts = "".join(f"\n_{name}_: {_escaped(text)}" for name, text in wording.facts(finding))
    emoji = _EMOJI.get(finding.outcome, "")
    return f"{emoji} *{_escaped(finding.subject)}* `{finding.id}`{facts}"


def _footer(message: Message) -> str:
    parts = [wording.further(message), wording.times(message)]
    if message.links.airflow_run:
        parts.append(f"<{_escaped(message.links.airflow_run)}|Run in Airflow>")
    report = message.links.report
    if report:
        followed = report.startswith(("http://", "https://"))
        parts.append(f"<{_escaped(report)}|Report>" if followed else f"Report: {_escaped(report)}")
    parts.append(f"Airflow run {_escaped(message.airflow_run_id)}")
    return " · ".join(part for part in parts if part)


def _escaped(text: str) -> str:
    """Escape what Slack reads as a link, a mention or an entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": _cut(text, _LONGEST_HEADER)}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, _LONGEST_SECTION)}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(text, _LONGEST_SECTION)}]}
