"""How Stripe is called in test mode: the key, the transport, retries at a rate limit, and what errors mean.

Nothing here can reach live mode: a key that is no test key is refused before any call, and an object that does not
say ``livemode: false`` ends the run.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import tenacity
from pydantic import JsonValue

from staging_validation.clients.json_values import json_value
from staging_validation.errors import (
    GuardRefusedError,
    ServiceAnswerError,
    ServiceError,
    ServiceUnreachableError,
)
from staging_validation.workflows.model import Row

if TYPE_CHECKING:
    import stripe

SERVICE = "Stripe"

AT_ONCE = 4
"""Requests under way at a time. One takes a fifth of a second or more, so four stay below the 25 a second that
Stripe allows a sandbox account (Stripe documentation, rate limits)."""

_TEST_KEY = re.compile(r"(?:sk|rk)_test_\w+")
_TIMEOUT_SECONDS = 20.0
_RATE_LIMIT_ATTEMPTS = 6
_Result = TypeVar("_Result")


class StripeCalls:
    """Calls to the Stripe API with a test-mode key. Objects are returned as plain JSON values. Safe in threads.

    Args:
        key: A secret or restricted test-mode key.
        base_url: Address of the API; None or empty for Stripe itself.
        wait: How long to pause before a request that was answered with 429 is sent again.

    Raises:
        GuardRefusedError: The key is no test-mode key.
    """

    def __init__(
        self, key: str, base_url: str | None, *, wait: tenacity.wait.wait_base | None = None
    ) -> None:
        if not _TEST_KEY.fullmatch(key):
            raise GuardRefusedError(
                "The Stripe key is no test-mode key, so Stripe was not called.",
                remedy="give the connection stripe_default a key that begins with sk_test_ or rk_test_",
            )
        self._key = key
        self._base_url = base_url
        self._wait = wait or tenacity.wait_random_exponential(multiplier=0.5, max=8)
        self._client: stripe.StripeClient | None = None
        self._transport: Any = None
        self._connecting = Lock()

    @property
    def has_dashboard(self) -> bool:
        """Whether it is Stripe itself that is asked: its dashboard shows the objects, which no stand-in has."""
        return not self._base_url or urlsplit(self._base_url).hostname == "api.stripe.com"

    def close(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            self._transport.close()
        self._client = self._transport = None

    def find(self, call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Row | None:
        """Return the object that a call answers with; None when Stripe knows none (404)."""
        try:
            return self.make(call)
        except ServiceAnswerError as error:
            if error.status == 404:
                return None
            raise

    def make(self, call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Row:
        """Return the object that a call answers with."""
        return _in_test_mode(_plain(self._call(call)))

    def first_page(self, call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Sequence[Row]:
        """Return the objects of the one page that a call answers with."""
        return [_in_test_mode(entry) for entry in _plain(self._call(call))["data"]]

    def every_page(
        self, call: Callable[[stripe.StripeClient, Any], stripe.StripeObject], query: Mapping[str, Any]
    ) -> Iterator[Row]:
        """Yield the objects of a list, page by page.

        Args:
            call: Asks for one page, with the query it is given.
            query: What to ask for; ``limit`` says how many a page holds.
        """
        asked = dict(query)
        more = True
        while more:
            page = _plain(self._call(lambda client: call(client, asked)))
            yield from map(_in_test_mode, page["data"])
            if more := bool(page["has_more"] and page["data"]):
                asked["starting_after"] = page["data"][-1]["id"]

    def _call(self, call: Callable[[stripe.StripeClient], _Result]) -> _Result:
        stripe = stripe_library()
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_RATE_LIMIT_ATTEMPTS),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(stripe.RateLimitError),
            reraise=True,
        )
        client = self._connected(stripe)
        try:
            return retrying(call, client)
        except stripe.StripeError as error:
            raise _translated(error) from error

    def _connected(self, stripe: Any) -> stripe.StripeClient:
        with self._connecting:
            if self._client is None:
                self._transport = stripe.RequestsClient(timeout=_TIMEOUT_SECONDS)
                self._client = stripe.StripeClient(
                    self._key,
                    base_addresses={"api": self._base_url} if self._base_url else {},
                    max_network_retries=2,
                    http_client=self._transport,
                )
            return self._client


def stripe_library() -> Any:
    """Import the Stripe library, which costs most of a second, and keep it from measuring us and from logging calls."""
    import stripe

    stripe.enable_telemetry = False
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe


def _plain(found: Any) -> Any:
    """Return one of the library's objects as plain values: it reads decimal amounts as exact numbers."""
    return json_value(found.to_dict())


def _in_test_mode(found: Mapping[str, JsonValue]) -> Row:
    """Return an object that says it is of test mode.

    Raises:
        GuardRefusedError: It says otherwise, or nothing, and is not the short answer to a deletion.
    """
    livemode = found.get("livemode")
    if livemode is False or (livemode is None and found.get("deleted") is True):
        return found
    raise GuardRefusedError(
        f"Stripe's {found.get('object')} {found.get('id')} says livemode {livemode!r}: it is no test-mode object.",
        remedy="stop, and give the connection stripe_default a test-mode key",
    )


def _translated(error: stripe.StripeError) -> ServiceError:
    stripe = stripe_library()
    reason = " ".join(str(error.user_message or error).split())
    if isinstance(error, stripe.APIConnectionError):
        return ServiceUnreachableError(
            SERVICE,
            f"cannot be reached ({reason[:200]})",
            remedy="check that the address in the connection stripe_default is right and that Stripe answers",
        )
    remedy = None
    if isinstance(error, stripe.AuthenticationError):
        remedy = "replace the key in the connection stripe_default; it was revoked or belongs to nobody"
    elif isinstance(error, stripe.RateLimitError):
        remedy = "run fewer workflows at once: a test account has one limit for all of them"
    request = f" (request {error.request_id})" if error.request_id else ""
    return ServiceAnswerError(
        SERVICE, f"answered {error.http_status}: {reason}{request}", status=error.http_status, remedy=remedy
    )
