"""Findings for people: the place, what is wrong, the query with the wrong piece marked, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from staging_validation.lint.finding import Finding, LintResult, Severity
from staging_validation.promql.tree import Span

if TYPE_CHECKING:
    from pydantic import JsonValue

    from staging_validation.lint.finding import Skipped

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_BOLD = "1"
_DIM = "2"
_WIDTH = 100
_LONGEST_VALUE = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that a terminal obeys instead of showing them: a file may not command it."""


class _Style:
    """Makes a text harmless, and colours it where the output shows colours."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, code: str = "") -> str:
        shown = _CONTROL.sub("\ufffd", text)
        return f"\x1b[{code}m{shown}\x1b[0m" if self._colour and code else shown


def to_text(result: LintResult, *, colour: bool = False) -> str:
    """Write findings as text.

    Args:
        result: What was found.
        colour: Whether to use the colours of a terminal.
    """
    style = _Style(colour=colour)
    lines = [line for finding in result.findings for line in (*_finding(finding, style), "")]
    lines += [_skip(skipped, style) for skipped in result.skipped]
    lines.append(summary(result))
    return "\n".join(lines) + "\n"


def summary(result: LintResult) -> str:
    """Sum a check up in one line."""
    counts = ", ".join(
        _count(result.count(severity), severity.value)
        for severity in Severity
        if severity is not Severity.INFO
    )
    told = result.count(Severity.INFO)
    skipped = sum(skipped.count for skipped in result.skipped)
    return (
        f"{_count(len(result.files), 'file')} checked ({_count(result.dashboards, 'dashboard')}, "
        f"{_count(result.queries, 'query')}): {counts}, {told} info, {result.suppressed} suppressed, "
        f"{_count(skipped, 'check')} skipped."
    )


def marked(text: str, span: Span, *, width: int = _WIDTH) -> tuple[str, str]:
    """Return the line of a text that a piece begins on, and a line that marks the piece with carets.

    Args:
        text: The text; it may have several lines.
        span: The piece.
        width: How long a line may be; of a longer one the part around the piece is shown.
    """
    begin = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    line = text[begin : len(text) if end < 0 else end]
    first = span.start - begin
    last = max(first + 1, min(span.end - begin, len(line)))
    cut = 0
    if len(line) > width:
        cut = max(0, min(first - width // 3, len(line) - width))
        line = f"{'…' if cut else ''}{line[cut + (cut > 0) : cut + width]}{'…' if cut + width < len(line) else ''}"
    first, last = first - cut, min(last - cut, width)
    return line.expandtabs(1), " " * first + "^" * max(1, last - first)


def _finding(finding: Finding, style: _Style) -> Iterator[str]:
    place = style(f"{finding.file}:{finding.line}", _BOLD)
    severity = style(finding.severity.value, _COLOURS[finding.severity])
    yield f"{place}: {severity}: {finding.rule}"
    where = list(_where(finding))
    if where:
        yield f"  {style(' > '.join(where), _DIM)}"
    yield style(f"  {finding.message}")
    if finding.expr is not None and finding.span is not None:
        line, carets = marked(finding.expr, finding.span)
        yield style(f"      {line}")
        yield f"      {style(carets, _COLOURS[finding.severity])}"
    if finding.evidence:
        yield style(f"  evidence: {_evidence(finding)}")
    yield style(f"  remedy: {finding.remedy}")
    yield f"  {style(f'docs/rules/{finding.rule}.md', _DIM)}"


def _where(finding: Finding) -> Iterator[str]:
    if finding.dashboard:
        yield finding.dashboard
    if finding.panel_id is not None:
        yield f"panel {finding.panel_id} {finding.panel or ''}".rstrip()
    elif finding.panel:
        yield finding.panel
    if finding.ref_id:
        yield f"query {finding.ref_id}"
    if finding.pointer:
        yield finding.pointer


def _evidence(finding: Finding) -> str:
    return "; ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in finding.evidence.items())


def _value(value: JsonValue) -> str:
    if isinstance(value, list):
        text = ", ".join(map(str, value))
    else:
        text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _skip(skipped: Skipped, style: _Style) -> str:
    return style(f"skipped: {skipped.what} ({skipped.count} times): {skipped.reason}", _DIM)


def _count(number: int, word: str) -> str:
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"
