"""What an operation of the API is: an address, the parameters it takes, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_staging.stripe_sandbox.context import Context

METADATA = ("metadata", "metadata.*")
PAGE = ("limit", "starting_after", "ending_before", "expand")
CREATED = ("created", "created.*")


@dataclass(frozen=True)
class Call:
    """One checked request.

    Args:
        params: The parameters, checked and of their right types.
        id: The id in the address; empty for an operation on the collection.
        child_id: The second id in the address, where there is one.
    """

    params: Mapping[str, Any]
    id: str = ""
    child_id: str = ""


@dataclass(frozen=True)
class Operation:
    """One operation of the API.

    Args:
        method: The HTTP method.
        path: The address, with ``{id}`` and ``{child_id}`` for ids.
        params: The name of the type in ``stripe.params`` that describes the request; dotted for one in a
            submodule, as in ``test_helpers.TestClockCreateParams``.
        handler: Carries the operation out and returns the object to answer with.
        accepts: The parameters that the sandbox supports, as dotted paths without list indices; a last ``*``
            stands for any name; ``name=a|b`` limits the values. ``expand`` is always accepted.
    """

    method: str
    path: str
    params: str
    handler: Callable[[Context, Call], dict[str, Any]]
    accepts: tuple[str, ...] = ()
