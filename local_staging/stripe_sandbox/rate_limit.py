"""A limit on requests a second: a bucket of tokens that fills again with time."""

from __future__ import annotations

from local_staging.stripe_sandbox.errors import RateLimitError

# What Stripe allows a sandbox account, reads and writes together (guide "Rate limits").
STRIPE_PER_SECOND = 25


class RateLimit:
    """Lets so many requests pass a second, and as many at once after a quiet second.

    Args:
        per_second: The limit.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._tokens = per_second
        self._at: float | None = None

    def take(self, now: float) -> None:
        """Let a request pass.

        Args:
            now: Seconds of a clock that only goes forward.

        Raises:
            RateLimitError: There were too many.
        """
        if self._at is not None:
            self._tokens = min(self._per_second, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            raise RateLimitError(
                f"Request rate limit exceeded ({self._per_second:g} a second). Learn more about rate limits here "
                "https://docs.stripe.com/rate-limits. Send the request again a little later.",
                code="rate_limit",
            )
        self._tokens -= 1
