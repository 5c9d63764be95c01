"""The guard's verdict in the vocabulary of results: one result a source, and one for the verdict."""

from __future__ import annotations

import re

from staging_validation.environment.evidence import Evidence
from staging_validation.environment.verdict import GuardVerdict, outcome_of
from staging_validation.results.model import CheckResult, Kind

_UNSAFE = re.compile(r"[^a-z0-9_.-]+")
_EXPECTED = "positively not production"
_EXPECTED_OPTIONAL = "not production"


def verdict_results(verdict: GuardVerdict, *, duration_seconds: float) -> list[CheckResult]:
    """Turn a verdict into results.

    Args:
        verdict: What the guard decided.
        duration_seconds: How long it took to gather the evidence and to decide.

    Returns:
        The verdict's result first, then one for each piece of evidence.
    """
    decided = CheckResult(
        id="guard.verdict",
        kind=Kind.GUARD,
        subject="may this environment be validated?",
        outcome=verdict.outcome,
        expected="every required source says non-production, and none says production",
        actual=list(verdict.reasons) or "all evidence allows it",
        remedy=next((piece.remedy for piece in _deciding(verdict) if piece.remedy), None),
        duration_seconds=duration_seconds,
    )
    return [decided, *(_evidence_result(piece) for piece in verdict.evidence)]


def _deciding(verdict: GuardVerdict) -> list[Evidence]:
    return [piece for piece in verdict.evidence if outcome_of(piece) is verdict.outcome]


def _evidence_result(piece: Evidence) -> CheckResult:
    return CheckResult(
        id=f"guard.{_UNSAFE.sub('_', piece.source.casefold())}",
        kind=Kind.GUARD,
        subject=piece.source,
        outcome=outcome_of(piece),
        expected=_EXPECTED if piece.required else _EXPECTED_OPTIONAL,
        actual=piece.reading.value,
        evidence={"because": piece.because},
        remedy=piece.remedy,
    )
