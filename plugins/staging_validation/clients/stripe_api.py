"""Stripe in test mode: reading what the platform made, making and deleting customers, signing events."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tenacity

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.stripe_calls import SERVICE, StripeCalls, stripe_library
from staging_validation.clients.stripe_clocks import StripeClocks
from staging_validation.errors import ConfigurationError
from staging_validation.workflows.model import Row

__all__ = ["SERVICE", "StripeApi"]

_PAGE = 100


class StripeApi(StripeCalls):
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
        super().__init__(key, base_url, wait=wait)
        self.pro_price_id = pro_price_id
        self._webhook_secret = webhook_secret

    @property
    def clocks(self) -> StripeClocks:
        """The account's test clocks."""
        return StripeClocks(self)

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

    def customer(self, customer_id: str) -> Row | None:
        """Return a Stripe customer, or None when there is none (a deleted one says ``deleted``)."""
        return self.find(lambda client: client.v1.customers.retrieve(customer_id))

    def subscriptions(self, customer_id: str) -> Sequence[Row]:
        """Return all subscriptions of a Stripe customer, ended ones too."""
        return self.first_page(
            lambda client: client.v1.subscriptions.list(
                {"customer": customer_id, "status": "all", "limit": _PAGE}
            )
        )

    def invoices(self, customer_id: str) -> Sequence[Row]:
        """Return the invoices of a Stripe customer, newest first."""
        return self.first_page(
            lambda client: client.v1.invoices.list({"customer": customer_id, "limit": _PAGE})
        )

    def paid_invoices(self, customer_id: str) -> Sequence[Row]:
        """Return the paid invoices of a Stripe customer with the payments that paid them, newest first."""
        return self.first_page(
            lambda client: client.v1.invoices.list(
                {"customer": customer_id, "status": "paid", "expand": ["data.payments"], "limit": _PAGE}
            )
        )

    def charges(self, customer_id: str) -> Sequence[Row]:
        """Return the charges of a Stripe customer, newest first."""
        return self.first_page(
            lambda client: client.v1.charges.list({"customer": customer_id, "limit": _PAGE})
        )

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
        query = {"limit": _PAGE, "created": {"gte": created_since, "lt": created_before}}
        for found in self.every_page(lambda client, page: client.v1.customers.list(page), query):
            carried = found.get("metadata")
            if isinstance(carried, dict) and metadata.items() <= carried.items():
                yield found

    def create_customer(
        self,
        *,
        name: str,
        email: str,
        metadata: Mapping[str, str],
        idempotency_key: str,
        test_clock: str | None = None,
    ) -> Row:
        """Make a customer; the same key again returns the same customer, even one that is deleted by now.

        Args:
            name: The customer's name.
            email: The customer's address.
            metadata: What the customer carries.
            idempotency_key: The request's idempotency key.
            test_clock: The test clock that the customer lives on; it cannot be given later.
        """
        params: Any = {"name": name, "email": email, "metadata": dict(metadata)}
        if test_clock:
            params["test_clock"] = test_clock
        return self.make(
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
        return self.make(
            lambda client: client.v1.payment_methods.attach(
                payment_method, {"customer": customer_id}, {"idempotency_key": idempotency_key}
            )
        )

    def set_default_payment_method(
        self, customer_id: str, payment_method_id: str, *, idempotency_key: str
    ) -> Row:
        """Make an attached payment method the one that a customer's invoices are charged to."""
        return self.make(
            lambda client: client.v1.customers.update(
                customer_id,
                {"invoice_settings": {"default_payment_method": payment_method_id}},
                {"idempotency_key": idempotency_key},
            )
        )

    def create_subscription(
        self,
        customer_id: str,
        *,
        metadata: Mapping[str, str],
        idempotency_key: str,
        cancel_at_period_end: bool = False,
    ) -> Row:
        """Subscribe a customer to Pro and charge the default payment method; a card that is declined is an error."""
        params: Any = {
            "customer": customer_id,
            "items": [{"price": self.pro_price_id}],
            "payment_behavior": "error_if_incomplete",
            "cancel_at_period_end": cancel_at_period_end,
            "metadata": dict(metadata),
        }
        return self.make(
            lambda client: client.v1.subscriptions.create(params, {"idempotency_key": idempotency_key})
        )

    def delete_customer(self, customer_id: str) -> None:
        """Delete a Stripe customer, which ends its subscriptions; one that is gone already is no error."""
        if (found := self.customer(customer_id)) is None or found.get("deleted"):
            return
        self.find(lambda client: client.v1.customers.delete(customer_id))

    def sign(self, body: str, *, timestamp: int | None = None) -> str:
        """Return the ``Stripe-Signature`` header of an event (Stripe API reference, webhook signatures).

        Args:
            body: The raw JSON that will be sent.
            timestamp: Unix time of the signature in seconds; now by default.
        """
        return str(
            stripe_library().WebhookSignature.generate_signature_header(
                body, self._webhook_secret, int(time.time()) if timestamp is None else timestamp
            )
        )
