"""Findings that people accept for a time: each with its reason, its scope and the day on which it ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from staging_validation.lint.finding import Finding


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is accepted.

    Attributes:
        rule: The rule whose findings are accepted.
        reason: Why.
        expires: The last day on which they are.
        files: Which files, as a pattern: ``include/dashboards/*.json``.
        dashboard: The dashboard's title (a rule file's group), as a pattern; empty for any.
        panel: The panel's title or number (a rule's name), as a pattern; empty for any.
        expr_contains: A text that the query contains; empty for any query.
        file: The configuration that says so.
        line: Its line there.
        pointer: Its place there.
    """

    rule: str
    reason: str
    expires: date
    files: str = "*"
    dashboard: str = ""
    panel: str = ""
    expr_contains: str = ""
    file: str = ""
    line: int = 1
    pointer: str = ""

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is one of those that are accepted."""
        return (
            finding.rule == self.rule
            and self.covers_file(finding.file)
            and (not self.dashboard or fnmatchcase(finding.dashboard or "", self.dashboard))
            and (not self.panel or self._covers_panel(finding))
            and self.expr_contains in (finding.expr or "")
        )

    def covers_file(self, path: str) -> bool:
        """Return whether a file is one of those that it speaks of."""
        return fnmatchcase(path, self.files) or fnmatchcase(path, f"*/{self.files}")

    def _covers_panel(self, finding: Finding) -> bool:
        return fnmatchcase(finding.panel or "", self.panel) or str(finding.panel_id) == self.panel


@dataclass(frozen=True, slots=True)
class SuppressionUse:
    """A suppression that needs attention: what the rules ``suppression-…`` look at.

    Attributes:
        suppression: The suppression.
        expired: Whether its last day is over; then it suppresses nothing.
        findings: How many findings it covers.
    """

    suppression: Suppression
    expired: bool
    findings: int


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What is left when the accepted findings are taken out.

    Attributes:
        kept: The findings that nobody accepts.
        uses: Every suppression that could be judged, with what it covers.
    """

    kept: tuple[Finding, ...]
    uses: tuple[SuppressionUse, ...]


def suppress(
    findings: Sequence[Finding],
    suppressions: Sequence[Suppression],
    *,
    today: date,
    checked: Collection[str],
    files: Sequence[str],
) -> Suppressed:
    """Take the accepted findings out.

    Args:
        findings: The findings.
        suppressions: What is accepted.
        today: The day; an expired suppression accepts nothing.
        checked: The ids of the rules that applied.
        files: The files that were checked. A suppression of a rule or of files that were not checked cannot be
            called unused, so nothing is said of it.
    """
    uses = []
    accepted: set[int] = set()
    for suppression in suppressions:
        covered = [number for number, finding in enumerate(findings) if suppression.covers(finding)]
        expired = today > suppression.expires
        if not expired:
            accepted.update(covered)
        judged = suppression.rule in checked and any(map(suppression.covers_file, files))
        if expired or judged:
            uses.append(SuppressionUse(suppression, expired, len(covered)))
    kept = tuple(finding for number, finding in enumerate(findings) if number not in accepted)
    return Suppressed(kept, tuple(uses))
