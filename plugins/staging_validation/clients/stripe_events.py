"""Stripe's events and the webhook endpoints they are posted to, for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from staging_validation.clients.stripe_calls import StripeCalls
from staging_validation.errors import ServiceAnswerError
from staging_validation.workflows.model import Row

_PAGE = 100
_FORBIDDEN = (401, 403)


class StripeEvents:
    """The events of an account.

    Args:
        calls: How Stripe is called.
    """

    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls

    def created(self, since: int, until: int) -> Iterator[Row]:
        """Yield the events of a span of time, newest first, page by page.

        An event of something on a test clock bears the clock's time. Stripe lists the last thirty days.

        Args:
            since: The first moment, in Unix seconds.
            until: The last moment.
        """
        query: dict[str, Any] = {"limit": _PAGE, "created": {"gte": since, "lte": until}}
        return self._calls.every_page(lambda client, page: client.v1.events.list(page), query)

    def endpoints(self) -> Sequence[Row] | None:
        """Return the webhook endpoints that are enabled; None when the key may not list them."""
        try:
            # An account has at most sixteen (Stripe documentation, "Webhooks"), so one page holds all.
            found = self._calls.first_page(lambda client: client.v1.webhook_endpoints.list({"limit": _PAGE}))
        except ServiceAnswerError as error:
            if error.status in _FORBIDDEN:
                return None
            raise
        return [endpoint for endpoint in found if endpoint.get("status") == "enabled"]
