"""Everything the sandbox holds: API objects as plain dicts, in the order they were made."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator
from typing import Any

from local_staging.stripe_sandbox.cards import TestCard
from local_staging.stripe_sandbox.signing import SigningSecrets

_ALPHABET = string.ascii_letters + string.digits
# Ids are random, so that those of two runs never meet in the database of the platform under test.
_ID_LENGTH = 24


def new_id(prefix: str) -> str:
    """Return a fresh id, such as ``cus_…`` for the prefix ``cus``."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))}"


class Store:
    """The state of one account, in memory.

    References between objects are ids, as in an answer of Stripe that expands nothing. What an API object does
    not say of itself is kept beside the objects:

    - :attr:`cards`: which test card a payment method was made from;
    - :attr:`signing_secrets`: what the events for a webhook endpoint are signed with;
    - :attr:`trial_notices`: the ends of trials that were announced, by subscription.
    """

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, Any]] = {}
        self._by_kind: dict[str, list[dict[str, Any]]] = {}
        self._filed: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.cards: dict[str, TestCard] = {}
        self.signing_secrets: dict[str, SigningSecrets] = {}
        self.trial_notices: dict[str, int] = {}

    def add(self, value: dict[str, Any], *under: str | None) -> dict[str, Any]:
        """Keep a new object under its id, and return it.

        Args:
            value: The object.
            under: Ids of objects it belongs to, to be found there by :meth:`filed`; None stands for nothing.
        """
        self._objects[value["id"]] = value
        self._by_kind.setdefault(value["object"], []).append(value)
        for owner in under:
            if owner is not None:
                self._filed.setdefault((owner, value["object"]), []).append(value)
        return value

    def get(self, identifier: str) -> dict[str, Any] | None:
        """Return the object with an id, of whatever kind; None when there is none."""
        return self._objects.get(identifier)

    def newest_first(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind that were not deleted, the last one made first."""
        return [value for value in reversed(self._by_kind.get(kind, [])) if not value.get("deleted")]

    def filed(self, owner: str, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the objects of a kind that belong to another object and were not deleted, the oldest first."""
        return (value for value in self._filed.get((owner, kind), ()) if not value.get("deleted"))
