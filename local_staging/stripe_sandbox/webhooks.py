"""Webhooks: events posted to their endpoints, signed, at least once, in no guaranteed order.

An event is posted until the endpoint answers with a 2xx status, after growing pauses, and at most
:attr:`Retries.attempts` times. The pauses are of the machine's time, also for what hangs on a test clock: its
events reach the endpoint while the clock stands. The signature is the one of Stripe's documentation ("Verify
webhook signatures"): HMAC-SHA256 over the timestamp, a dot and the body; while a former secret is valid, one
more for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from local_staging.stripe_sandbox.signing import signature_header

logger = logging.getLogger(__name__)

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
MAX_CONCURRENT = 20


@dataclass(frozen=True)
class Retries:
    """How often and when an event is posted again.

    Args:
        attempts: The most attempts for one event, the first one included.
        first_seconds: The pause after the first failure.
        factor: What each pause is multiplied by to make the next.
        longest_seconds: The longest pause.
        answer_seconds: How long the endpoint may take to answer.
    """

    attempts: int = 10
    first_seconds: float = 0.25
    factor: float = 2.0
    longest_seconds: float = 10.0
    answer_seconds: float = 10.0

    def pause(self, failures: int) -> float:
        """Return the pause in seconds after so many failures (one or more)."""
        return float(min(self.longest_seconds, self.first_seconds * self.factor ** (failures - 1)))


@dataclass(frozen=True)
class Endpoint:
    """Where the events of a new sandbox go.

    Args:
        url: The address.
        secret: The signing secret (``whsec_…``).
    """

    url: str
    secret: str

    def __repr__(self) -> str:
        return f"Endpoint(url={self.url!r})"


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one endpoint.

    Args:
        event: The event in the store; its ``pending_webhooks`` counts down when it has arrived.
        url: The endpoint's address.
        signing_secrets: Returns what to sign with at an attempt; nothing when the endpoint is gone.
    """

    event: dict[str, Any]
    url: str
    signing_secrets: Callable[[], list[str]]


class WebhookSender:
    """Posts events in the background, several at a time.

    It is an asynchronous context manager: leaving it ends what is under way.

    Args:
        retries: When to try again.
    """

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._running: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> WebhookSender:
        timeout = aiohttp.ClientTimeout(total=self._retries.answer_seconds)
        self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": USER_AGENT})
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session:
            await self._session.close()

    def deliver(self, delivery: Delivery) -> None:
        """Begin to deliver an event; whether, when and in what order it is posted is decided here alone."""
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        event, retries = delivery.event, self._retries
        body = json.dumps(event, indent=2)
        for attempt in range(1, retries.attempts + 1):
            async with self._slots:
                signing_secrets = delivery.signing_secrets()
                if not signing_secrets:
                    return
                problem = await self._post(delivery.url, body, signing_secrets)
            if problem is None:
                event["pending_webhooks"] -= 1
                return
            logger.info("Webhook %s (%s), attempt %d: %s", event["id"], event["type"], attempt, problem)
            if attempt < retries.attempts:
                await asyncio.sleep(retries.pause(attempt))
        logger.error(
            "Webhook %s (%s) was given up after %d attempts: %s. Check that the endpoint runs and holds the "
            "sandbox's signing secret.",
            event["id"],
            event["type"],
            retries.attempts,
            problem,
        )

    async def _post(self, url: str, body: str, signing_secrets: list[str]) -> str | None:
        """Post once; return what went wrong, None when the endpoint took it."""
        if self._session is None:
            raise RuntimeError("WebhookSender is used outside its context.")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            # Signed anew each time, with the machine's time: receivers compare it with theirs.
            "Stripe-Signature": signature_header(body, signing_secrets),
        }
        try:
            async with self._session.post(
                url, data=body.encode(), headers=headers, allow_redirects=False
            ) as response:
                return None if response.ok and response.status < 300 else f"HTTP status {response.status}"
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return f"no answer ({type(error).__name__})"
