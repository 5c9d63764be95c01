"""What a handler works with: the state, the time, and a place to report events to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_staging.stripe_sandbox.clock import Clock
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.store import Store

# How Stripe's "No such …" names the kinds that it does not name as the object field does.
_NAMES = {"payment_method": "PaymentMethod"}


@dataclass(frozen=True)
class Context:
    """The surroundings of one request.

    Args:
        store: The state.
        clock: The time.
        emit: Records an event: its type, the object as it is now, and for an update the former values.
    """

    store: Store
    clock: Clock
    emit: Callable[[str, dict[str, Any], dict[str, Any] | None], None]

    def now(self) -> int:
        """Return the time in Unix seconds."""
        return self.clock.now()

    def addressed(self, kind: str, identifier: str) -> dict[str, Any]:
        """Return the object that a request's address names.

        Raises:
            InvalidRequestError: 404, there is none of this kind.
        """
        return self._find(kind, identifier, param="id", status=404)

    def referenced(self, kind: str, identifier: str, param: str) -> dict[str, Any]:
        """Return the object that a request's parameter names.

        Raises:
            InvalidRequestError: 400, there is none of this kind, or it was deleted.
        """
        return self._find(kind, identifier, param=param, status=400)

    def _find(self, kind: str, identifier: str, *, param: str, status: int) -> dict[str, Any]:
        found = self.store.get(identifier)
        if found is None or found["object"] != kind or found.get("deleted"):
            raise InvalidRequestError(
                f"No such {_NAMES.get(kind, kind)}: '{identifier}'",
                status=status,
                code="resource_missing",
                param=param,
            )
        return found
