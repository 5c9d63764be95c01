"""``suppression-expired``."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.suppressions import Suppression
from tests.lint.support import files_of

RULE = "suppression-expired"
TODAY = date(2026, 1, 1)


def rules_found(expr, expires):
    entry = Suppression("query-syntax", "Goes in March.", expires, file="config.yaml", line=7)
    result = lint(files_of(expr=expr), Settings(), suppressions=[entry], today=TODAY)
    return [finding.rule for finding in result.findings if finding.rule in (RULE, "query-syntax")]


@pytest.mark.parametrize(("expr", "found"), [("rate(up)", [RULE, "query-syntax"]), ("up", [RULE])])
def test_what_it_accepted_is_back(expr, found):
    assert rules_found(expr, TODAY - timedelta(days=1)) == found


def test_clean_on_its_last_day():
    assert rules_found("rate(up)", TODAY) == []
