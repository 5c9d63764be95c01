"""Compares what two places say, and puts each difference into a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from staging_validation.money.books import Account
from staging_validation.money.entries import Entry

_SHOWN_OBJECTS = 3


@dataclass
class _Side:
    cents: int = 0
    objects: list[str] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.cents += entry.cents
        self.objects.append(entry.object)


@dataclass(frozen=True)
class Difference:
    """Two places that say different amounts.

    Attributes:
        customer: The customer's address and id.
        about: The invoice or payment intent; empty when only the customer's sums can be compared.
        left: Who says :attr:`left_cents`, and by which objects.
        left_cents: The amount.
        right: Who says :attr:`right_cents`, and by which objects.
        right_cents: The amount.
    """

    customer: str
    about: str
    left: str
    left_cents: int
    right: str
    right_cents: int

    @property
    def sentence(self) -> str:
        """The difference in words."""
        about = f" about {self.about}" if self.about else ""
        off = self.right_cents - self.left_cents
        return (
            f"{self.customer}{about}: {self.left} says {self.left_cents} cents, {self.right} says "
            f"{self.right_cents}, {abs(off)} {'more' if off > 0 else 'less'}"
        )

    @property
    def evidence(self) -> dict[str, JsonValue]:
        """The difference as values."""
        return {
            "customer": self.customer,
            "about": self.about,
            "left": self.left,
            "left_cents": self.left_cents,
            "right": self.right,
            "right_cents": self.right_cents,
            "difference_cents": self.right_cents - self.left_cents,
        }


def differences(
    accounts: Mapping[int, Account],
    left: tuple[str, Iterable[Entry]],
    right: tuple[str, Iterable[Entry]],
    *,
    by_customer: bool = False,
) -> list[Difference]:
    """Compare two sets of entries, object by object; where an entry names none, customer by customer.

    Args:
        accounts: The customers by id.
        left: A place's name, and its entries.
        right: Another's.
        by_customer: Compare the customers' sums only.

    Returns:
        The differences, in the order of customers and objects.
    """
    sides: dict[tuple[int, str], tuple[_Side, _Side]] = {}
    entries = [(0, entry) for entry in left[1]] + [(1, entry) for entry in right[1]]
    by_customer = by_customer or not all(entry.about for _, entry in entries)
    for number, entry in entries:
        key = (entry.customer, "" if by_customer else entry.about)
        sides.setdefault(key, (_Side(), _Side()))[number].add(entry)
    return [
        Difference(
            named(accounts, customer),
            about,
            _who(left[0], said),
            said.cents,
            _who(right[0], answered),
            answered.cents,
        )
        for (customer, about), (said, answered) in sorted(sides.items())
        if said.cents != answered.cents
    ]


def named(accounts: Mapping[int, Account], customer: int) -> str:
    """Return how a customer is named: the address and the id."""
    account = accounts.get(customer)
    return f"{account.email} (customer {customer})" if account else f"customer {customer}"


def _who(place: str, side: _Side) -> str:
    """Name a place and the objects by which it says something."""
    objects = sorted(side.objects)
    if not objects:
        return f"{place} (no object)"
    more = f", … {len(objects)} in all" if len(objects) > _SHOWN_OBJECTS else ""
    return f"{place} ({', '.join(objects[:_SHOWN_OBJECTS])}{more})"
