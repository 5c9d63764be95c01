"""The credit ledger: the order of its rows, and the rows that a list of movements must leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

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
        The rows in order. Where no order continues the chain, it is broken, and the oldest left comes next.
    """
    ordered: list[Row] = []
    balance = 0
    for _, second in groupby(sorted(rows, key=_written), key=_written):
        ordered += _chained(list(second), balance)
        balance = _number(ordered[-1]["balance_after"])
    return ordered


def _written(row: Row) -> str:
    return str(row["inserted_at"])


def _chained(rows: list[Row], balance: int) -> list[Row]:
    """Put rows of one second into a chain that begins at a balance.

    Each row is a step from one balance to another, and the chain a walk over all steps (an Eulerian trail, found
    as Hierholzer did): whoever just follows the first row that fits ends early where a balance comes twice.
    """
    leaving: dict[int, list[Row]] = {}
    for row in reversed(rows):
        leaving.setdefault(_number(row["balance_after"]) - _number(row["amount"]), []).append(row)
    walk: list[tuple[int, Row | None]] = [(balance, None)]
    trail: list[Row] = []
    while walk:
        reached, by = walk[-1]
        if steps := leaving.get(reached):
            step = steps.pop()
            walk.append((_number(step["balance_after"]), step))
        else:
            walk.pop()
            if by is not None:
                trail.append(by)
    trail.reverse()
    return trail if len(trail) == len(rows) and _unbroken(trail, balance) else _followed(rows, balance)


def _followed(rows: Sequence[Row], balance: int) -> list[Row]:
    """Follow a broken chain as far as it goes; where no row continues it, the oldest left comes next."""
    left, ordered = list(rows), list[Row]()
    while left:
        following = next((row for row in left if _continues(row, balance)), left[0])
        left.remove(following)
        ordered.append(following)
        balance = _number(following["balance_after"])
    return ordered


def _unbroken(rows: Sequence[Row], balance: int) -> bool:
    for row in rows:
        if not _continues(row, balance):
            return False
        balance = _number(row["balance_after"])
    return True


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
    return {
        "rows": len(ordered),
        "balance_after": _number(ordered[-1]["balance_after"]) if ordered else 0,
        "chain": "unbroken" if _unbroken(ordered, 0) else "broken",
        **sums,
    }
