"""The billing API of the platform under test."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from difflib import get_close_matches
from typing import Any

import requests
from pydantic import JsonValue

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.http import HttpService
from staging_validation.errors import ConfigurationError
from staging_validation.workflows.model import Answer

SERVICE = "billing API"

PATHS: Mapping[str, str] = {
    "onboard": "/api/v1/customers/onboard",
    "fix_attempt": "/api/v1/fix-attempts",
    "webhook": "/api/webhooks/stripe",
    "health": "/api/health",
    "metrics": "/metrics",
    "payment_method": "/internal/customers/{id}/payment-method",
    "subscribe": "/internal/customers/{id}/subscribe",
    "cancel": "/internal/customers/{id}/cancel",
    "fix": "/internal/customers/{id}/fixes",
    "summary": "/internal/customers/{id}/summary",
}
"""The operations and their paths (platform contract); a connection's extra field may name others in ``paths``."""

_UNAVAILABLE = frozenset({502, 503, 504})
_DISTURBED = frozenset({429, 500})


class BillingApi:
    """Requests to the billing API: every operation returns the answer, whatever its status.

    Args:
        http: The service; its session carries what a gateway in front of it may ask for.
        paths: Paths by operation that differ from :data:`PATHS`; None for an operation that this platform does
            not offer.

    Attributes:
        error_statuses: Statuses that are no answers but errors (but for the health check): 502, 503 and 504.

    Raises:
        ConfigurationError: ``paths`` names an unknown operation, or a path that is none.
    """

    def __init__(self, http: HttpService, paths: Mapping[str, str | None] | None = None) -> None:
        self.http = http
        self.paths: dict[str, str | None] = {**PATHS, **_checked(paths or {})}
        self.error_statuses = _UNAVAILABLE

    @classmethod
    def from_settings(cls, settings: ConnectionSettings) -> BillingApi:
        """Build the client from the connection ``staging_api``.

        Raises:
            ConfigurationError: See :class:`BillingApi`; or the connection has no host.
        """
        paths = settings.extra.get("paths") or {}
        if not isinstance(paths, dict):
            raise ConfigurationError(
                f"Connection {settings.conn_id}: extra field paths is no mapping of operations to paths.",
                remedy='write it as {"paths": {"subscribe": "/internal/…"}}',
            )
        return cls(HttpService.from_settings(SERVICE, settings), paths)  # type: ignore[arg-type]

    def undisturbed(self) -> BillingApi:
        """Return the same API, for which 429 and 500 are errors too.

        For whoever judges what the platform did: such an answer says that it did nothing, or not what.
        """
        other = copy(self)
        other.error_statuses = _UNAVAILABLE | _DISTURBED
        return other

    def offers(self, operation: str) -> bool:
        """Tell whether this platform has an operation.

        Raises:
            ConfigurationError: There is no such operation.
        """
        if operation not in self.paths:
            raise ConfigurationError(
                f"{operation!r} is no operation of the billing API{_meant(operation)}.",
                remedy=f"correct the workflow's needs: use one of {', '.join(PATHS)}",
            )
        return self.paths[operation] is not None

    def onboard(
        self, *, name: str, email: str, source: str | None = None, stripe_test_clock: str | None = None
    ) -> Answer:
        """Sign a customer up.

        Args:
            name: The customer's name.
            email: The customer's address.
            source: Where the customer comes from, for example ``gh_marketplace``.
            stripe_test_clock: The Stripe test clock that the Stripe customer shall live on.
        """
        optional = {"source": source, "stripe_test_clock": stripe_test_clock}
        return self._post("onboard", {"name": name, "email": email, **_given(optional)})

    def create_fix_attempt(self, api_key: str | None, attempt: Mapping[str, JsonValue]) -> Answer:
        """Create a fix attempt as the customer that the API key belongs to."""
        return self._post("fix_attempt", dict(attempt), api_key=api_key)

    def send_webhook(self, body: str, signature: str | None) -> Answer:
        """Send a Stripe event.

        Args:
            body: The raw JSON that was signed.
            signature: The ``Stripe-Signature`` header; None to leave it out.
        """
        headers = {"Content-Type": "application/json", **_given({"Stripe-Signature": signature})}
        path = self._path("webhook")
        response = self.http.request("POST", path, data=body.encode(), headers=headers)
        return self._answer("POST", path, response, sent=body)

    def health(self, api_key: str | None = None) -> Answer:
        """Ask for the service's health, with an API key when one is given."""
        return self._get("health", headers=_given({"x-api-key": api_key}))

    def metrics(self) -> str:
        """Return the platform's own metrics in Prometheus' text format.

        Raises:
            ServiceAnswerError: It answered anything but 200.
        """
        path = self._path("metrics")
        response = self.http.request("GET", path)
        if response.status_code != 200:
            raise self.http.unexpected("GET", path, response)
        return response.text

    def add_payment_method(self, customer_id: int, payment_method: str, *, consent: bool) -> Answer:
        """Add a Stripe payment method, with or without the customer's consent to be billed."""
        return self._post(
            "payment_method", {"payment_method": payment_method, "consent": consent}, customer_id=customer_id
        )

    def subscribe(self, customer_id: int) -> Answer:
        """Subscribe a customer to Pro."""
        return self._post("subscribe", {}, customer_id=customer_id)

    def cancel(self, customer_id: int, *, at_period_end: bool) -> Answer:
        """Cancel a customer's subscription, now or at the end of the period."""
        return self._post("cancel", {"at_period_end": at_period_end}, customer_id=customer_id)

    def deploy_fix(self, customer_id: int, fix_id: str) -> Answer:
        """Report a fix as deployed, which consumes a credit or charges; the same id bills once."""
        return self._post("fix", {"fix_id": fix_id}, customer_id=customer_id)

    def summary(self, customer_id: int) -> Answer:
        """Ask for a customer's balance, type, state, flags and last transactions."""
        return self._get("summary", customer_id=customer_id)

    def _post(
        self,
        operation: str,
        json: dict[str, JsonValue],
        *,
        customer_id: int | None = None,
        api_key: str | None = None,
    ) -> Answer:
        path = self._path(operation, customer_id)
        response = self.http.request("POST", path, json=json, headers=_given({"x-api-key": api_key}))
        return self._answer("POST", path, response, sent=json)

    def _get(
        self, operation: str, *, customer_id: int | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        path = self._path(operation, customer_id)
        return self._answer("GET", path, self.http.request("GET", path, headers=headers), sent=None)

    def _path(self, operation: str, customer_id: int | None = None) -> str:
        path = self.paths[operation]
        if path is None:
            raise ConfigurationError(
                f"This platform offers no operation {operation!r}: its path is null in the extra field paths of "
                "the connection staging_api.",
                remedy="name the operation's path there, if the platform has it",
            )
        return path.replace("{id}", str(customer_id))

    def _answer(self, method: str, path: str, response: requests.Response, *, sent: JsonValue) -> Answer:
        if response.status_code in self.error_statuses and path != self.paths["health"]:
            raise self.http.unexpected(method, path, response)
        try:
            body: JsonValue = response.json()
        except requests.JSONDecodeError:
            body = response.text[:500]
        return Answer(f"{method} {path}", sent, response.status_code, body)


def _given(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _meant(operation: str) -> str:
    near = get_close_matches(operation, PATHS, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _checked(paths: Mapping[str, Any]) -> Mapping[str, str | None]:
    for operation, path in paths.items():
        if operation not in PATHS:
            raise ConfigurationError(
                "Connection staging_api: extra field paths names the unknown operation "
                f"{operation!r}{_meant(operation)}",
                remedy=f"use one of {', '.join(PATHS)}",
            )
        if path is not None and (not isinstance(path, str) or not path.startswith("/")):
            raise ConfigurationError(
                f"Connection staging_api: extra field paths gives {operation!r} the path {path!r}.",
                remedy="write a path that begins with a slash, or null when the platform lacks the operation",
            )
    return paths
