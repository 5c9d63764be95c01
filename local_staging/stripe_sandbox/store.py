"""Everything the sandbox holds: API objects as plain dicts, in the order they were made."""

from __future__ import annotations

import secrets
import string
from typing import Any

from local_staging.stripe_sandbox.cards import TestCard

_ALPHABET = string.ascii_letters + string.digits
# Ids are random, so that those of two runs never meet in the database of the platform under test.
_ID_LENGTH = 24


def new_id(prefix: str) -> str:
    """Return a fresh id, such as ``cus_…`` for the prefix ``cus``."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))}"


class Store:
    """The state of one account, in memory.

    References between objects are ids, as in an answer of Stripe that expands nothing. The one thing that an
    API object does not say of itself is which test card a payment method was made from: :attr:`cards`.
    """

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, Any]] = {}
        self._by_kind: dict[str, list[dict[str, Any]]] = {}
        self.cards: dict[str, TestCard] = {}

    def add(self, value: dict[str, Any]) -> dict[str, Any]:
        """Keep a new object under its id, and return it."""
        self._objects[value["id"]] = value
        self._by_kind.setdefault(value["object"], []).append(value)
        return value

    def get(self, identifier: str) -> dict[str, Any] | None:
        """Return the object with an id, of whatever kind; None when there is none."""
        return self._objects.get(identifier)

    def newest_first(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind that were not deleted, the last one made first."""
        return [value for value in reversed(self._by_kind.get(kind, [])) if not value.get("deleted")]
