"""Webhooks: events posted to one endpoint, signed, at least once, in no guaranteed order.

An event is posted until the endpoint answers with a 2xx status, after growing pauses, and at most
:attr:`Retries.attempts` times. The signature is the one of Stripe's documentation ("Verify webhook
signatures"): HMAC-SHA256 over the timestamp, a dot and the body.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Any

import aiohttp
import stripe

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
    """Where events go.

    Args:
        url: The address.
        secret: The signing secret (``whsec_…``).
        retries: When to try again.
    """

    url: str
    secret: str
    retries: Retries = Retries()

    def __repr__(self) -> str:
        return f"Endpoint(url={self.url!r})"


class WebhookSender:
    """Posts events to an endpoint in the background, several at a time.

    It is an asynchronous context manager: leaving it ends what is under way.

    Args:
        endpoint: Where events go.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._running: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> WebhookSender:
        timeout = aiohttp.ClientTimeout(total=self._endpoint.retries.answer_seconds)
        self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": USER_AGENT})
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session:
            await self._session.close()

    def deliver(self, event: dict[str, Any]) -> None:
        """Begin to deliver an event; its ``pending_webhooks`` becomes 0 when it has arrived."""
        task = asyncio.get_running_loop().create_task(self._deliver(event))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _deliver(self, event: dict[str, Any]) -> None:
        body = json.dumps(event, indent=2)
        retries = self._endpoint.retries
        for attempt in range(1, retries.attempts + 1):
            async with self._slots:
                problem = await self._post(body)
            if problem is None:
                event["pending_webhooks"] = 0
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

    async def _post(self, body: str) -> str | None:
        """Post once; return what went wrong, None when the endpoint took it."""
        if self._session is None:
            raise RuntimeError("WebhookSender is used outside its context.")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            # Signed anew each time, with the machine's time: receivers compare it with theirs.
            "Stripe-Signature": stripe.WebhookSignature.generate_signature_header(
                body, self._endpoint.secret
            ),
        }
        try:
            async with self._session.post(
                self._endpoint.url, data=body.encode(), headers=headers, allow_redirects=False
            ) as response:
                return None if response.ok and response.status < 300 else f"HTTP status {response.status}"
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return f"no answer ({type(error).__name__})"
