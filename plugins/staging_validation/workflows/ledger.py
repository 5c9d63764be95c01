"""The credit ledger: the order of its rows, and the rows that a list of movements must leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from staging_validation.workflows.model import Row

Movement = tuple[int, str]
"""Signed number of credits, and the ledger's source: ``(+5, "trial_signup")``."""


def expected_rows(movements: Iterable[Movement]) -> list[dict[str, JsonValue]]:
    """Return the rows that movements must leave, each ``balance_after`` the running sum (platform contract)."""
    balance = 0
    rows: list[dict[str, JsonValue]] = []
    for amount, source in movements:
        balance += amount
        rows.append({"amount": amount, "source": source, "balance_after": balance})
    return rows


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Put ledger rows in the order in which they were written.

    Their time has whole seconds and their ids are random, so rows of one second are told apart by the chain of
    their balances: the next row is one whose ``balance_after`` continues the sum.

    Args:
        rows: Rows with ``inserted_at`` (ISO text), ``amount`` and ``balance_after``.

    Returns:
        The rows in order. Where no row continues the chain, it is broken, and the oldest left comes next.
    """
    left = sorted(rows, key=lambda row: str(row["inserted_at"]))
    ordered: list[Row] = []
    balance = 0
    while left:
        second = [row for row in left if row["inserted_at"] == left[0]["inserted_at"]]
        following = next((row for row in second if _continues(row, balance)), left[0])
        left.remove(following)
        ordered.append(following)
        balance = _number(following["balance_after"])
    return ordered


def _continues(row: Row, balance: int) -> bool:
    return _number(row["balance_after"]) == balance + _number(row["amount"])


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def summed(rows: Sequence[Row]) -> dict[str, JsonValue]:
    """Return what a ledger of many rows comes to.

    Args:
        rows: Rows as :func:`in_order` takes them.

    Returns:
        ``rows`` and ``balance_after`` (the last one's), ``chain`` (whether each ``balance_after`` is the running
        sum), and the sum of the amounts by source.
    """
    ordered = in_order(rows)
    sums: dict[str, JsonValue] = {}
    for row in ordered:
        sums[str(row["source"])] = _number(sums.get(str(row["source"]))) + _number(row["amount"])
    before = [0, *(_number(row["balance_after"]) for row in ordered)]
    unbroken = all(_continues(row, balance) for row, balance in zip(ordered, before, strict=False))
    return {
        "rows": len(ordered),
        "balance_after": before[-1],
        "chain": "unbroken" if unbroken else "broken",
        **sums,
    }
