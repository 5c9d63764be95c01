"""Suppressions: what they cover."""

from __future__ import annotations

from datetime import date

import pytest

from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.suppressions import Suppression
from tests.lint.support import dashboard, files_of, panel

TODAY = date(2026, 1, 1)
SALES = panel("rate(up)")
STOCK = panel("irate(up)", title="Stock")


def left(**fields):
    """Return the panels whose finding is left, and the number that is suppressed."""
    suppression = Suppression(
        **{"rule": "query-syntax", "reason": "Goes in March.", "expires": TODAY, **fields}
    )
    files = files_of(files={"boards/shop.json": dashboard(SALES, STOCK)})
    result = lint(files, Settings(), suppressions=[suppression], today=TODAY)
    found = [finding.panel for finding in result.findings if finding.rule == "query-syntax"]
    return found, result.suppressed


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, []),
        ({"rule": "rate-on-gauge"}, ["Sales", "Stock"]),
        ({"files": "boards/*.json"}, []),
        ({"files": "shop.json"}, []),
        ({"files": "boards/other.json"}, ["Sales", "Stock"]),
        ({"dashboard": "Sh*"}, []),
        ({"dashboard": "Market"}, ["Sales", "Stock"]),
        ({"panel": "Sales"}, ["Stock"]),
        ({"panel": "2"}, ["Sales"]),
        ({"expr_contains": "irate"}, ["Sales"]),
        ({"panel": "Sales", "expr_contains": "irate"}, ["Sales", "Stock"]),
    ],
)
def test_scope(fields, kept):
    assert left(**fields) == (kept, 2 - len(kept))


def test_after_its_last_day_it_covers_nothing():
    assert left(expires=date(2025, 12, 31)) == (["Sales", "Stock"], 0)
