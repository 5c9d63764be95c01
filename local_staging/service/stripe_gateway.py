"""What the service asks of Stripe: one method for each call of the platform contract.

Every POST carries an idempotency key, so that a request that is sent again has its effect once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import stripe

from local_staging.service.errors import CardDeclinedError, StripeFailedError

if TYPE_CHECKING:
    from stripe.params import CustomerCreateParams

_LOG = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 15.0
_NETWORK_RETRIES = 2
_FAILURE_CODES = ("insufficient_funds", "expired_card", "processing_error")


class StripeGateway:
    """The Stripe API in test mode.

    Args:
        api_key: A test-mode key.
        base_url: The API's base URL; empty for Stripe itself.
        pro_price_id: The price of the Pro plan.
        network_retries: How often the library repeats a request that got no answer.
    """

    def __init__(
        self, api_key: str, base_url: str, *, pro_price_id: str, network_retries: int = _NETWORK_RETRIES
    ) -> None:
        self._pro_price_id = pro_price_id
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": base_url} if base_url else {},
            max_network_retries=network_retries,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
        )

    def create_customer(
        self, *, name: str, email: str, metadata: Mapping[str, str], test_clock: str | None = None
    ) -> str:
        """Make a Stripe customer and return its id.

        Raises:
            StripeFailedError: See :func:`_stripe_errors`; here as for every other call.
        """
        params: CustomerCreateParams = {"name": name, "email": email, "metadata": dict(metadata)}
        if test_clock:
            params["test_clock"] = test_clock
        with _stripe_errors():
            return self._client.v1.customers.create(params, _once()).id

    def delete_customer(self, stripe_customer_id: str) -> None:
        """Delete a Stripe customer that nothing refers to; where that fails, the log names it."""
        try:
            self._client.v1.customers.delete(stripe_customer_id)
        except stripe.StripeError as error:
            _LOG.warning(
                "Stripe customer %s is left without a platform customer: %s", stripe_customer_id, error
            )

    def set_payment_method(self, stripe_customer_id: str, payment_method: str) -> str:
        """Attach a payment method, make it the customer's default, and return its own id.

        Raises:
            CardDeclinedError: The card cannot be attached.
            StripeFailedError: See :func:`_stripe_errors`.
        """
        with _stripe_errors():
            attached = self._client.v1.payment_methods.attach(
                payment_method, {"customer": stripe_customer_id}, _once()
            )
            self._client.v1.customers.update(
                stripe_customer_id, {"invoice_settings": {"default_payment_method": attached.id}}, _once()
            )
            return attached.id

    def create_subscription(
        self, stripe_customer_id: str, *, customer_id: int, idempotency_key: str
    ) -> dict[str, Any]:
        """Subscribe a customer to Pro; a card that is declined leaves no subscription behind.

        Args:
            stripe_customer_id: Who subscribes.
            customer_id: The platform's id of the customer.
            idempotency_key: The same for every try of the same subscription.

        Returns:
            The Stripe subscription.

        Raises:
            CardDeclinedError: The first payment failed.
            StripeFailedError: See :func:`_stripe_errors`.
        """
        with _stripe_errors():
            made = self._client.v1.subscriptions.create(
                {
                    "customer": stripe_customer_id,
                    "items": [{"price": self._pro_price_id}],
                    "payment_behavior": "error_if_incomplete",
                    "metadata": {"customer_id": str(customer_id)},
                },
                {"idempotency_key": idempotency_key},
            )
            return made.to_dict()

    def cancel_at_period_end(self, subscription_id: str) -> dict[str, Any]:
        """Let a subscription end with its period, and return it.

        Raises:
            StripeFailedError: See :func:`_stripe_errors`.
        """
        with _stripe_errors():
            updated = self._client.v1.subscriptions.update(
                subscription_id, {"cancel_at_period_end": True}, _once()
            )
            return updated.to_dict()

    def cancel_now(self, subscription_id: str) -> dict[str, Any]:
        """End a subscription now, and return it.

        Raises:
            StripeFailedError: See :func:`_stripe_errors`.
        """
        with _stripe_errors():
            return self._client.v1.subscriptions.cancel(subscription_id).to_dict()

    def charge(
        self,
        stripe_customer_id: str,
        payment_method: str,
        *,
        amount_cents: int,
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> str:
        """Charge a saved card while the customer is away, and return the payment intent's id.

        Args:
            stripe_customer_id: Who pays.
            payment_method: The saved payment method's id.
            amount_cents: How much, in US cents.
            idempotency_key: The same for every try of the same charge.
            metadata: What the payment carries.

        Raises:
            CardDeclinedError: The card was declined.
            StripeFailedError: See :func:`_stripe_errors`.
        """
        with _stripe_errors():
            intent = self._client.v1.payment_intents.create(
                {
                    "amount": amount_cents,
                    "currency": "usd",
                    "customer": stripe_customer_id,
                    "payment_method": payment_method,
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "confirm": True,
                    "off_session": True,
                    "metadata": dict(metadata),
                },
                {"idempotency_key": idempotency_key},
            )
        if intent.status != "succeeded":
            raise CardDeclinedError(f"The payment is {intent.status}, it did not succeed.", "card_declined")
        return intent.id

    def last_failure_code(self, stripe_customer_id: str) -> str | None:
        """Return why the customer's newest payment failed; None when Stripe does not say."""
        try:
            newest = self._client.v1.payment_intents.list({"customer": stripe_customer_id, "limit": 1})
        except stripe.StripeError as error:
            _LOG.warning("Stripe did not say why a payment of %s failed: %s", stripe_customer_id, error)
            return None
        fault = newest.data[0].last_payment_error if newest.data else None
        return _failure_code(fault.code, fault.decline_code) if fault else None


@contextmanager
def _stripe_errors() -> Iterator[None]:
    """Turn the library's errors into refusals.

    Raises:
        CardDeclinedError: A card was declined.
        StripeFailedError: 422 when Stripe does not accept the request, 503 when it gives no useful answer.
    """
    try:
        yield
    except stripe.CardError as error:
        decline_code = error.error.decline_code if error.error else None
        raise CardDeclinedError(_sentence(error), _failure_code(error.code, decline_code)) from error
    except stripe.InvalidRequestError as error:
        raise StripeFailedError(422, "stripe_refused", f"Stripe refused: {_sentence(error)}") from error
    except stripe.StripeError as error:
        _LOG.warning("Stripe failed: %s", error)
        raise StripeFailedError(
            503, "stripe_unavailable", "Stripe is not available; try again later."
        ) from error


def _once() -> stripe.RequestOptions:
    """Return the options of a POST that stands for itself: a repeat by the library has the same key."""
    return {"idempotency_key": str(uuid.uuid4())}


def _sentence(error: stripe.StripeError) -> str:
    return error.user_message or "no reason given"


def _failure_code(code: str | None, decline_code: str | None) -> str:
    """Return the metric catalogue's word for a decline (Stripe API reference, error and decline codes)."""
    return next((known for known in _FAILURE_CODES if known in (code, decline_code)), "card_declined")
