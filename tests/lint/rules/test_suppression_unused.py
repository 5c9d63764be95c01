"""``suppression-unused``; what suppressions cover is tested in ``test_suppressions``."""

from __future__ import annotations

from datetime import date

import pytest

from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.suppressions import Suppression
from tests.lint.support import files_of

RULE = "suppression-unused"
TODAY = date(2026, 1, 1)


def rules_found(expr, **fields):
    entry = {
        "rule": "query-syntax",
        "reason": "Goes in March.",
        "expires": TODAY,
        "file": "config.yaml",
        "line": 7,
    }
    result = lint(
        files_of(expr=expr), Settings(), suppressions=[Suppression(**{**entry, **fields})], today=TODAY
    )
    return [
        (finding.rule, finding.file, finding.line)
        for finding in result.findings
        if finding.rule in (RULE, "query-syntax")
    ]


@pytest.mark.parametrize("fields", [{}, {"panel": "Other"}, {"files": "*.json"}])
def test_a_suppression_that_covers_nothing(fields):
    assert rules_found("up", **fields) == [(RULE, "config.yaml", 7)]


@pytest.mark.parametrize(
    ("expr", "fields"),
    [("rate(up)", {}), ("up", {"files": "other.json"}), ("up", {"rule": "rate-on-gauge"})],
    ids=["it covers something", "its files were not checked", "its rule did not apply"],
)
def test_clean(expr, fields):
    assert RULE not in [rule for rule, _, _ in rules_found(expr, **fields)]
