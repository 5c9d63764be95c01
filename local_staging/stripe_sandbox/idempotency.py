"""Idempotency keys: the same request with the same key is answered once and repeated from memory.

The rules are those of the Stripe API reference, "Idempotent requests".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from local_staging.stripe_sandbox.clock import Clock
from local_staging.stripe_sandbox.errors import IdempotencyError, InvalidRequestError

KEEP_SECONDS = 24 * 3600
MAX_KEY_LENGTH = 255


@dataclass(frozen=True)
class Answer:
    """An answer of the API.

    Args:
        status: The HTTP status.
        body: The JSON body.
        request_id: The id of the request that made it.
        replayed: Whether it comes from memory.
    """

    status: int
    body: dict[str, Any]
    request_id: str
    replayed: bool = False


@dataclass(frozen=True)
class _Kept:
    endpoint: str
    fingerprint: str
    at: int
    answer: Answer


class IdempotencyKeys:
    """The answers kept for idempotency keys.

    An answer is kept only when its request was carried out: one that failed validation may be corrected and
    sent again with the same key. Requests are carried out one after the other, so none is ever in progress.

    Args:
        clock: Says when an answer is old enough to be forgotten.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}

    def find(self, api_key: str, key: str, endpoint: str, params: Mapping[str, Any]) -> Answer | None:
        """Return the answer that an earlier request with this key got; None when there was none.

        Args:
            api_key: The account's key; idempotency keys of different ones do not meet.
            key: The idempotency key.
            endpoint: Method and address of the request.
            params: The request's decoded parameters.

        Raises:
            IdempotencyError: The key was used for another address or with other parameters.
            InvalidRequestError: The key is empty or too long.
        """
        if not 0 < len(key) <= MAX_KEY_LENGTH:
            raise InvalidRequestError(f"An idempotency key has between 1 and {MAX_KEY_LENGTH} characters.")
        self._forget_old()
        kept = self._kept.get(_owned(api_key, key))
        if kept is None:
            return None
        if kept.endpoint != endpoint:
            raise IdempotencyError(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{kept.endpoint}' vs '{endpoint}'). Try using a key other than '{key}' if you meant to "
                "execute a different request."
            )
        if kept.fingerprint != _fingerprint(params):
            raise IdempotencyError(
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request."
            )
        return replace(kept.answer, replayed=True)

    def keep(self, api_key: str, key: str, endpoint: str, params: Mapping[str, Any], answer: Answer) -> None:
        """Keep the answer of a request that was carried out; the arguments are those of :meth:`find`."""
        self._kept[_owned(api_key, key)] = _Kept(endpoint, _fingerprint(params), self._clock.now(), answer)

    def _forget_old(self) -> None:
        """Drop answers past their time; they lie in the order of their age."""
        oldest = self._clock.now() - KEEP_SECONDS
        while self._kept and self._kept[next(iter(self._kept))].at < oldest:
            del self._kept[next(iter(self._kept))]


def _owned(api_key: str, key: str) -> tuple[str, str]:
    return hashlib.sha256(api_key.encode()).hexdigest(), key


def _fingerprint(params: Mapping[str, Any]) -> str:
    """Return a digest of the parameters; they may hold a card number, so they are not kept themselves."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
