"""What allows a reset, and what forbids it, as results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from staging_validation.errors import CheckFailedError
from staging_validation.fixtures.tables import DeclaredTable, undeclared
from staging_validation.results import CheckResult, Kind, Outcome, Severity

if TYPE_CHECKING:
    from staging_validation.clients.reset_catalogue import ForeignKey

_BECAUSE = "because"
"""The entry of a failed result's evidence that holds the sentence for people."""


def ceiling_result(customers: int, ceiling: int) -> CheckResult:
    """Compare the number of test customers with what a reset may delete."""
    failed = customers > ceiling
    return CheckResult(
        id="reset.plan.ceiling",
        kind=Kind.RESET,
        subject="test customers that go",
        outcome=Outcome.FAILED if failed else Outcome.PASSED,
        expected=f"at most {ceiling}",
        actual=customers,
        evidence=_because(
            f"The database holds {customers} test customers, more than the {ceiling} that a reset may delete."
        )
        if failed
        else {},
        remedy="make sure that this is the right database; then raise max_customers for one reset"
        if failed
        else None,
    )


def strangers_result(strangers: int, table: str) -> CheckResult:
    """Say whether customers that are no test customers would go as well."""
    return CheckResult.compare(
        id="reset.plan.strangers",
        kind=Kind.RESET,
        subject="other customers that would go too",
        expected=0,
        actual=strangers,
        evidence=_because(
            f"A foreign key leads from test customers to {strangers} other rows of {table}, which a reset must not "
            "delete."
        )
        if strangers
        else {},
        remedy="find customers that refer to a test customer, and clear the reference" if strangers else None,
    )


def tables_result(losing: Mapping[str, int], declared: Sequence[DeclaredTable]) -> CheckResult:
    """Say whether a table would lose rows that nobody has declared to.

    Args:
        losing: How many rows would go, by table, ``customers`` apart.
        declared: The declared tables.
    """
    unknown = {name: losing[name] for name in undeclared(losing, declared)}
    named = ", ".join(f"{name} ({count})" for name, count in unknown.items())
    return CheckResult.compare(
        id="reset.plan.tables",
        kind=Kind.RESET,
        subject="undeclared tables that would lose rows",
        expected={},
        actual=unknown,
        evidence=_because(f"Rows of tables that nobody has declared would be deleted: {named}.")
        if unknown
        else {},
        where="include/fixtures/tables.yaml",
        remedy="declare them in include/fixtures/tables.yaml as cascade or restrict, if their rows may go"
        if unknown
        else None,
    )


def indexes_result(unindexed: Sequence[ForeignKey]) -> CheckResult:
    """Warn of foreign keys without an index: the server scans the whole table for every row that goes."""
    missing = [f"{key.child.name} ({', '.join(child for child, _ in key.columns)})" for key in unindexed]
    return CheckResult.compare(
        id="reset.plan.indexes",
        kind=Kind.RESET,
        subject="foreign keys without an index on the columns that refer",
        severity=Severity.WARNING,
        expected=[],
        actual=missing,
        evidence=_because(f"Without an index a large reset is slow: {', '.join(missing)}.")
        if missing
        else {},
        remedy="; ".join(f"CREATE INDEX ON {index}" for index in missing) or None,
    )


def require_allowed(results: Sequence[CheckResult]) -> None:
    """Let a reset go on only when nothing forbids it; warnings do not.

    Raises:
        CheckFailedError: Something does; nothing was changed.
    """
    for result in results:
        if result.counts_as is Outcome.FAILED:
            raise CheckFailedError(str(result.evidence[_BECAUSE]), remedy=result.remedy)


def _because(sentence: str) -> dict[str, str]:
    return {_BECAUSE: sentence}
