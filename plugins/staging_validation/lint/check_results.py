"""Findings as results of a run, for its report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from staging_validation.lint.registry import all_rules
from staging_validation.results import CheckResult, Kind, Outcome, Severity

if TYPE_CHECKING:
    from pydantic import JsonValue

    from staging_validation.lint.finding import Finding, LintResult

_NOT_IN_AN_ID = re.compile(r"[^a-z0-9_-]")


def check_results(result: LintResult, path: str, kind: Kind) -> list[CheckResult]:
    """Return what was found in one file as results.

    Args:
        result: What was found in all files.
        path: The file.
        kind: The job that the results belong to.

    Returns:
        One result for each finding, or one that passed where there is none; it tells what was not checked.
    """
    name = _NOT_IN_AN_ID.sub("_", path.rpartition("/")[2].rpartition(".")[0].lower()) or "_"
    findings = [finding for finding in result.findings if finding.file == path]
    if findings:
        return list(_failed(findings, f"{kind.value}.{name}.lint", kind))
    evidence: dict[str, JsonValue] = {
        "rules": len(all_rules()),
        "not_checked": [f"{skipped.what}: {skipped.reason} ({skipped.count})" for skipped in result.skipped],
    }
    return [
        CheckResult(
            id=f"{kind.value}.{name}.lint",
            kind=kind,
            subject=f"{path}, read without running a query",
            outcome=Outcome.PASSED,
            expected="no finding",
            actual="no finding",
            evidence=evidence,
            where=path,
        )
    ]


def all_check_results(
    result: LintResult, kinds: Mapping[str, Kind], *, left_out: Collection[str] = ()
) -> list[CheckResult]:
    """Return what was found in every file, and in the configuration, as results.

    Args:
        result: What was found.
        kinds: The job that the results of a folder's files belong to; all else is of the dashboards' job.
        left_out: Files whose results nobody asked for.
    """
    elsewhere = {finding.file for finding in result.findings} - set(result.files)
    paths = [path for path in (*result.files, *sorted(elsewhere)) if path not in left_out]
    return [
        found
        for path in paths
        for found in check_results(result, path, kinds.get(path.rpartition("/")[0], Kind.DASHBOARD))
    ]


def _failed(findings: list[Finding], prefix: str, kind: Kind) -> Iterator[CheckResult]:
    seen: Counter[str] = Counter()
    summaries = {rule.id: rule.summary for rule in all_rules()}
    for finding in findings:
        seen[finding.rule] += 1
        number = f"_{seen[finding.rule]}" if seen[finding.rule] > 1 else ""
        evidence: dict[str, JsonValue] = {**finding.evidence, "rule": finding.rule, "line": finding.line}
        if finding.expr is not None:
            evidence["query"] = finding.expr
        if finding.span is not None and finding.expr is not None:
            evidence["piece"] = finding.expr[slice(*finding.span)]
        yield CheckResult(
            id=f"{prefix}.{finding.rule}{number}",
            kind=kind,
            subject=_subject(finding),
            outcome=Outcome.FAILED,
            severity=Severity(finding.severity.value),
            expected=f"not: {summaries.get(finding.rule, finding.rule)}",
            actual=finding.message,
            evidence=evidence,
            where=f"{finding.file}#{finding.pointer}"
            if finding.pointer
            else f"{finding.file}:{finding.line}",
            remedy=finding.remedy,
        )


def _subject(finding: Finding) -> str:
    if finding.panel_id is not None:
        query = f", query {finding.ref_id}" if finding.ref_id else ""
        return f"Panel {finding.panel_id} {finding.panel}{query}"
    return finding.panel or finding.dashboard or finding.file
