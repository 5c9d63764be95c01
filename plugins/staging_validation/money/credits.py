"""The credits: ledger sum = balance = last ``balance_after``, and every ``balance_after`` the running sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from staging_validation.money.books import Account, LedgerRow


def credit_faults(account: Account, rows: Sequence[LedgerRow]) -> list[str]:
    """Return one sentence for each way in which a customer's credits do not add up.

    Args:
        account: The customer.
        rows: The customer's ledger rows, in any order.
    """
    ordered = sorted(dict.fromkeys(rows), key=lambda row: (row.written, row.id))
    total = sum(row.credits for row in ordered)
    faults = []
    if total != account.balance:
        faults.append(
            f"{account.email}: the balance is {account.balance} credits, and the ledger's {len(ordered)} rows sum "
            f"up to {total}"
        )
    if broken := broken_row(ordered):
        faults.append(f"{account.email}: {broken}")
    return faults


def broken_row(rows: Sequence[LedgerRow]) -> str | None:
    """Return what is wrong with the first row that does not continue the running sum; None when all of them do.

    The rows are right when some order of them is. Their times cannot say which: they have whole seconds, and are
    those at which transactions began, not those at which the waiting ones went on.

    Args:
        rows: The rows of one customer, oldest first as far as their times tell.
    """
    if _some_order_is_right(rows):
        return None
    row, reached = _first_break(rows)
    return (
        f"ledger row {row.id} ({row.credits:+d} {row.source}, {row.written}) says {row.balance_after} credits were "
        f"left, and the rows before it left {reached}, so it must be {reached + row.credits}"
    )


def _some_order_is_right(rows: Sequence[LedgerRow]) -> bool:
    """Say whether rows can be put in an order in which each continues the running sum.

    Each row is a step from one balance to another, and such an order is a walk over all steps (an Eulerian trail):
    it exists when every balance is left as often as it is reached, but for the first and the last, and all steps
    hang together.
    """
    start, end = 0, sum(row.credits for row in rows)
    surplus: Counter[int] = Counter()
    near: dict[int, set[int]] = {start: set()}
    for row in rows:
        before, after = row.balance_after - row.credits, row.balance_after
        surplus[before] += 1
        surplus[after] -= 1
        near.setdefault(before, set()).add(after)
        near.setdefault(after, set()).add(before)
    surplus[start] -= 1
    surplus[end] += 1
    return not any(surplus.values()) and _reachable(near, start) == set(near)


def _reachable(near: dict[int, set[int]], start: int) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        new = near[waiting.pop()] - seen
        seen |= new
        waiting.extend(new)
    return seen


def _first_break(rows: Sequence[LedgerRow]) -> tuple[LedgerRow, int]:
    """Follow the running sum as far as it goes, and return the first row left with the balance reached."""
    left, balance = list(rows), 0
    while len(left) > 1:
        following = next((row for row in left if row.balance_after - row.credits == balance), None)
        if following is None:
            break
        left.remove(following)
        balance = following.balance_after
    return left[0], balance
