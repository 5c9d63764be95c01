"""No file breaks the checker: every one ends in findings, in time, and every form of output can be written."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lint.fuzzing import SORTS, TooSlowError, checked, in_time

EACH = 63
"""Of 8 sorts, 500 files in all; ``python -m campaigns.lint_fuzz`` tries 20,000."""


@pytest.mark.parametrize("sort", SORTS)
@settings(max_examples=EACH, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_file_ends_in_findings(sort, data):
    checked(data.draw(SORTS[sort]))


def test_a_hang_would_be_noticed():
    with pytest.raises(TooSlowError):
        hang()


def hang():
    with in_time(0.05):
        while True:
            time.monotonic()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"panels":' * 100_000,
        '"' + "x" * 1_000_000,
        json.dumps({"panels": [{"type": "row"}] * 20_000}),
    ],
    ids=["deep list", "deep object", "long text", "many panels"],
)
def test_huge_files(text):
    assert checked(("huge.json", text)).findings


@pytest.mark.parametrize("piece", ["(", "sum(", "-", "a + ", "rate(", "{", '"', "[5m:"])
def test_huge_queries(piece):
    rule = {"alert": "Huge", "expr": piece * 100_000}
    result = checked(("huge.yaml", json.dumps({"groups": [{"name": "huge", "rules": [rule]}]})))
    assert "query-syntax" in {finding.rule for finding in result.findings}
