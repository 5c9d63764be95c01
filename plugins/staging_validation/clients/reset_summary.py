"""What a reset would do, and what it did: the values that it hands on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from staging_validation.results import CheckResult


@dataclass(frozen=True)
class ResetPlan:
    """What a reset would do. Nothing was changed.

    Attributes:
        customers: How many test customers there are.
        deleted: How many rows would go, by table.
        detached: How many rows would stay, but lose their reference to what goes, by table.
        created: How many customers would be seeded.
        fixture_types: The keys of the states that would be seeded.
        results: What allows the reset or forbids it, and warnings: a failed error means that it would refuse.
    """

    customers: int
    deleted: dict[str, int]
    detached: dict[str, int]
    created: int
    fixture_types: tuple[str, ...]
    results: tuple[CheckResult, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON values, without the results."""
        plain = {name: value for name, value in asdict(self).items() if name != "results"}
        return {**plain, "fixture_types": list(self.fixture_types)}


@dataclass(frozen=True)
class ResetSummary:
    """What a reset did.

    Attributes:
        deleted: How many rows went, by table.
        created: How many customers were seeded.
        fixture_types: The keys of the seeded states.
        content_hash: What the seeded customers hold, without ids, keys and times: the same for every reset with
            the same states.
        results: The plan's results, and the read-back inside the transaction, one result for each customer.
    """

    deleted: dict[str, int]
    created: int
    fixture_types: tuple[str, ...]
    content_hash: str
    results: tuple[CheckResult, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the summary as plain JSON values, without the results."""
        plain = {name: value for name, value in asdict(self).items() if name != "results"}
        return {**plain, "fixture_types": list(self.fixture_types)}
