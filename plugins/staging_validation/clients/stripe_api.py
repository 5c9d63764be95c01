"""Stripe in test mode: reading what the platform made, making and deleting customers, signing events.

Nothing here can reach live mode: a key that is no test key is refused before any call, and an object that does not
say ``livemode: false`` ends the run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import tenacity
from pydantic import JsonValue

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.json_values import json_value
from staging_validation.errors import (
    ConfigurationError,
    GuardRefusedError,
    ServiceAnswerError,
    ServiceError,
    ServiceUnreachableError,
)
from staging_validation.workflows.model import Row

if TYPE_CHECKING:
    import stripe

SERVICE = "Stripe"
_TEST_KEY = re.compile(r"(?:sk|rk)_test_\w+")
_TIMEOUT_SECONDS = 20.0
_RATE_LIMIT_ATTEMPTS = 6
_PAGE = 100
_Result = TypeVar("_Result")


class StripeApi:
    """The Stripe API with a test-mode key. Objects are returned as plain JSON values. Safe to use in threads.

    Args:
        key: A secret or restricted test-mode key.
        base_url: Address of the API; None or empty for Stripe itself.
        pro_price_id: Id of the price that is Pro.
        webhook_secret: The secret that signs events sent to the platform.
        wait: How long to pause before a request that was answered with 429 is sent again.

    Raises:
        GuardRefusedError: The key is no test-mode key.
    """

    def __init__(
        self,
        key: str,
        base_url: str | None,
        pro_price_id: str,
        webhook_secret: str,
        *,
        wait: tenacity.wait.wait_base | None = None,
    ) -> None:
        if not _TEST_KEY.fullmatch(key):
            raise GuardRefusedError(
                "The Stripe key is no test-mode key, so Stripe was not called.",
                remedy="give the connection stripe_default a key that begins with sk_test_ or rk_test_",
            )
        self.pro_price_id = pro_price_id
        self._key = key
        self._base_url = base_url
        self._webhook_secret = webhook_secret
        self._wait = wait or tenacity.wait_random_exponential(multiplier=0.5, max=8)
        self._client: stripe.StripeClient | None = None
        self._transport: Any = None
        self._connecting = Lock()

    @classmethod
    def from_settings(cls, settings: ConnectionSettings) -> StripeApi:
        """Build the client from the connection ``stripe_default``.

        Raises:
            ConfigurationError: The webhook secret or the Pro price is missing in its extra field.
            GuardRefusedError: Its password is no test-mode key.
        """
        extra = {name: settings.extra.get(name) for name in ("pro_price_id", "webhook_secret")}
        missing = [name for name, value in extra.items() if not isinstance(value, str) or not value]
        if missing:
            raise ConfigurationError(
                f"Connection {settings.conn_id}: its extra field has no {' and no '.join(missing)}.",
                remedy=f"set {' and '.join(missing)} in the extra field of the connection {settings.conn_id}",
            )
        base_url = settings.base_url if settings.host else None
        return cls(settings.secret or "", base_url, str(extra["pro_price_id"]), str(extra["webhook_secret"]))

    def close(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            self._transport.close()
        self._client = self._transport = None

    def customer(self, customer_id: str) -> Row | None:
        """Return a Stripe customer, or None when there is none (a deleted one says ``deleted``)."""
        return self._find(lambda client: client.v1.customers.retrieve(customer_id))

    def subscriptions(self, customer_id: str) -> Sequence[Row]:
        """Return all subscriptions of a Stripe customer, ended ones too."""
        return self._list(
            lambda client: client.v1.subscriptions.list(
                {"customer": customer_id, "status": "all", "limit": 100}
            )
        )

    def invoices(self, customer_id: str) -> Sequence[Row]:
        """Return the invoices of a Stripe customer, newest first."""
        return self._list(lambda client: client.v1.invoices.list({"customer": customer_id, "limit": 100}))

    def paid_invoices(self, customer_id: str) -> Sequence[Row]:
        """Return the paid invoices of a Stripe customer with the payments that paid them, newest first."""
        return self._list(
            lambda client: client.v1.invoices.list(
                {"customer": customer_id, "status": "paid", "expand": ["data.payments"], "limit": _PAGE}
            )
        )

    def charges(self, customer_id: str) -> Sequence[Row]:
        """Return the charges of a Stripe customer, newest first."""
        return self._list(lambda client: client.v1.charges.list({"customer": customer_id, "limit": 100}))

    def customers(
        self, metadata: Mapping[str, str], *, created_since: int, created_before: int
    ) -> Iterator[Row]:
        """Yield the customers that carry some metadata, newest first, page by page.

        Stripe's search would be shorter, but shows new objects only after a minute or more (Stripe API reference,
        search), so the list is read and filtered here.

        Args:
            metadata: What they must carry, by name.
            created_since: The earliest moment of creation, in Unix seconds.
            created_before: The moment before which they were made, in Unix seconds.
        """
        query: Any = {"limit": _PAGE, "created": {"gte": created_since, "lt": created_before}}
        more = True
        while more:
            page = self._page(query)
            for entry in page["data"]:
                found = _in_test_mode(entry)
                carried = found.get("metadata")
                if isinstance(carried, dict) and metadata.items() <= carried.items():
                    yield found
            if more := bool(page["has_more"] and page["data"]):
                query["starting_after"] = page["data"][-1]["id"]

    def create_customer(
        self, *, name: str, email: str, metadata: Mapping[str, str], idempotency_key: str
    ) -> Row:
        """Make a customer; the same key again returns the same customer, even one that is deleted by now."""
        params: Any = {"name": name, "email": email, "metadata": dict(metadata)}
        return self._make(
            lambda client: client.v1.customers.create(params, {"idempotency_key": idempotency_key})
        )

    def attach_payment_method(self, payment_method: str, customer_id: str, *, idempotency_key: str) -> Row:
        """Attach a payment method to a customer.

        Args:
            payment_method: Its id, or the name of one of Stripe's test cards such as ``pm_card_visa``, of which a
                new payment method is made.
            customer_id: The customer.
            idempotency_key: The same key again attaches nothing further.

        Returns:
            The attached payment method.
        """
        return self._make(
            lambda client: client.v1.payment_methods.attach(
                payment_method, {"customer": customer_id}, {"idempotency_key": idempotency_key}
            )
        )

    def set_default_payment_method(
        self, customer_id: str, payment_method_id: str, *, idempotency_key: str
    ) -> Row:
        """Make an attached payment method the one that a customer's invoices are charged to."""
        return self._make(
            lambda client: client.v1.customers.update(
                customer_id,
                {"invoice_settings": {"default_payment_method": payment_method_id}},
                {"idempotency_key": idempotency_key},
            )
        )

    def delete_customer(self, customer_id: str) -> None:
        """Delete a Stripe customer, which ends its subscriptions; one that is gone already is no error."""
        if (found := self.customer(customer_id)) is None or found.get("deleted"):
            return
        self._find(lambda client: client.v1.customers.delete(customer_id))

    def sign(self, body: str, *, timestamp: int | None = None) -> str:
        """Return the ``Stripe-Signature`` header of an event (Stripe API reference, webhook signatures).

        Args:
            body: The raw JSON that will be sent.
            timestamp: Unix time of the signature in seconds; now by default.
        """
        return str(
            _stripe().WebhookSignature.generate_signature_header(
                body, self._webhook_secret, int(time.time()) if timestamp is None else timestamp
            )
        )

    def _find(self, call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Row | None:
        try:
            return self._make(call)
        except ServiceAnswerError as error:
            if error.status == 404:
                return None
            raise

    def _make(self, call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Row:
        return _in_test_mode(_plain(self._call(call)))

    def _list(self, call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Sequence[Row]:
        listed = _plain(self._call(call))
        return [_in_test_mode(entry) for entry in listed["data"]]

    def _page(self, query: Any) -> Any:
        return _plain(self._call(lambda client: client.v1.customers.list(query)))

    def _call(self, call: Callable[[stripe.StripeClient], _Result]) -> _Result:
        stripe = _stripe()
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


def _stripe() -> Any:
    """Import the Stripe library, which costs most of a second, and keep it from measuring us."""
    import stripe

    stripe.enable_telemetry = False
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
    stripe = _stripe()
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
