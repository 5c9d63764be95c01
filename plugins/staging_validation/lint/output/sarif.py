"""Findings as SARIF 2.1.0, for code hosts that show them beside the changed lines."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from staging_validation.lint.finding import Finding, LintResult, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from staging_validation.lint.rule import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def to_sarif(result: LintResult, rules: Sequence[Rule]) -> str:
    """Write findings as SARIF.

    Args:
        result: What was found.
        rules: The rules that applied; those of findings among them.
    """
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "staging-validation lint", "rules": [_rule(rule) for rule in rules]}},
        "results": [_result(finding, numbers[finding.rule]) for finding in result.findings],
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {
                        "level": "note",
                        "message": {
                            "text": f"skipped: {skipped.what} ({skipped.count} times): {skipped.reason}"
                        },
                    }
                    for skipped in result.skipped
                ],
            }
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "help": {"text": f"See {rule.page}."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": not rule.style},
        "properties": {"tags": list(rule.classes)},
    }


def _result(finding: Finding, number: int) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(finding.file)},
            "region": {"startLine": finding.line},
        }
    }
    if finding.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.pointer, "kind": "object"}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message} Remedy: {finding.remedy}"},
        "locations": [location],
        "partialFingerprints": {"place/v1": _fingerprint(finding)},
        "properties": finding.as_json(),
    }


def _fingerprint(finding: Finding) -> str:
    """Name a finding so that it is the same one after lines were moved."""
    parts = (finding.rule, finding.file, finding.pointer, finding.expr or "", str(finding.span))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
