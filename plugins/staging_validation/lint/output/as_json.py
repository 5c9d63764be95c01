"""Findings as JSON: a list, each with every key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from staging_validation.lint.finding import LintResult


def to_json(result: LintResult) -> str:
    """Write findings as a JSON list (``lint/schemas/findings.schema.json``)."""
    return json.dumps([finding.as_json() for finding in result.findings], indent=2, ensure_ascii=False) + "\n"
