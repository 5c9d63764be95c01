"""What a check of the files comes to: findings with their places, and what was skipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from staging_validation.promql.tree import Span

if TYPE_CHECKING:
    from pydantic import JsonValue


class Severity(str, Enum):
    """How much a finding weighs. It follows the consequence; only errors fail a check."""

    ERROR = "error"
    """A dead panel, a wrong number, an alert that never fires."""
    WARNING = "warning"
    """Misleading, or right only by luck."""
    INFO = "info"
    """Untidy."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place.

    Attributes:
        rule: The id of the rule that found it.
        severity: How much it weighs.
        file: The file, as it was named.
        message: What is wrong and what it does to the reader.
        remedy: What to write instead.
        pointer: The wrong piece of the file as a JSON pointer; empty for the whole file.
        line: Its line, counted from 1.
        dashboard: The dashboard's title, or the name of a rule file's group.
        panel_id: The panel's number.
        panel: The panel's title, or the name of an alerting or recording rule.
        ref_id: The letter of the panel's query.
        expr: The query as it stands in the file.
        span: The wrong piece of ``expr``.
        evidence: What supports the finding.
    """

    rule: str
    severity: Severity
    file: str
    message: str
    remedy: str
    pointer: str = ""
    line: int = 1
    dashboard: str | None = None
    panel_id: int | None = None
    panel: str | None = None
    ref_id: str | None = None
    expr: str | None = None
    span: Span | None = None
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        """Return the finding as JSON values; every key is always there."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "file": self.file,
            "pointer": self.pointer,
            "line": self.line,
            "dashboard": self.dashboard,
            "panel_id": self.panel_id,
            "panel": self.panel,
            "ref_id": self.ref_id,
            "expr": self.expr,
            "span": list(self.span) if self.span else None,
            "message": self.message,
            "evidence": dict(self.evidence),
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not checked.

    Attributes:
        what: What it is, for example ``metric-unknown`` or ``queries of a data source of type loki``.
        reason: Why.
        count: How many of it.
    """

    what: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class LintResult:
    """Everything that a check of files found.

    Attributes:
        findings: The findings, by file and line.
        skipped: What was not checked.
        suppressed: How many findings the configuration suppresses.
        files: The files that were checked.
        dashboards: How many dashboards they hold.
        queries: How many PromQL queries they hold.
    """

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...] = ()
    suppressed: int = 0
    files: tuple[str, ...] = ()
    dashboards: int = 0
    queries: int = 0

    def count(self, severity: Severity) -> int:
        """Return how many findings have a severity."""
        return sum(finding.severity is severity for finding in self.findings)
