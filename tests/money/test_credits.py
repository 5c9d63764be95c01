"""The credits: sums, balances and chains, whatever the order of the rows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staging_validation.money import Account, LedgerRow
from staging_validation.money.credits import broken_row, credit_faults

ACCOUNT = Account(1, "a@test.example.com", 10)


def rows(*steps: tuple[int, int, int]) -> list[LedgerRow]:
    return [
        LedgerRow(f"row{number}", 1, credits_, after, "adjustment", f"2026-11-24T02:00:{second:02d}")
        for number, (second, credits_, after) in enumerate(steps)
    ]


def test_a_right_ledger_has_no_fault():
    assert credit_faults(ACCOUNT, rows((0, 5, 5), (1, 5, 10))) == []


def test_an_empty_ledger_is_a_balance_of_nothing():
    assert credit_faults(Account(1, "a@test.example.com", 0), []) == []
    assert "the balance is 10 credits" in credit_faults(ACCOUNT, [])[0]


@pytest.mark.parametrize(
    ("steps", "named"),
    [
        (((0, 5, 5), (1, 5, 11)), "row1"),
        (((0, 5, 6), (1, 5, 10)), "row0"),
        (((0, 5, 5), (0, 5, 11)), "row1"),
    ],
    ids=["last", "first", "same second"],
)
def test_the_row_that_breaks_the_running_sum_is_named(steps, named):
    (fault,) = credit_faults(ACCOUNT, rows(*steps))
    assert f"ledger row {named} " in fault
    assert "a@test.example.com" in fault


def test_a_transaction_that_waited_for_another_is_no_fault():
    assert credit_faults(ACCOUNT, rows((1, 5, 5), (0, 5, 10))) == []


def test_rows_that_go_in_a_circle_of_their_own_are_no_running_sum():
    assert broken_row(rows((0, 5, 5), (0, 1, 101), (0, -1, 100))) is not None


def test_a_way_that_a_greedy_reader_would_miss_is_found():
    assert broken_row(rows((0, 5, 5), (1, 5, 10), (1, 1, 6), (1, -1, 5))) is None


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 60)), max_size=8))
def test_any_order_of_the_rows_is_right(data, moves):
    balance, second, steps = 0, 0, []
    for passed, credits_ in moves:
        second, balance = second + passed, balance + credits_
        steps.append((second, credits_, balance))
    written = data.draw(st.permutations(rows(*steps)))
    assert credit_faults(Account(1, "a@test.example.com", balance), written) == []
