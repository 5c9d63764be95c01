"""Errors shaped as the Stripe API reference documents them (section "Errors").

::

    StripeApiError              any answer that is not a success
    ├── InvalidRequestError     400, or 404 for an id in the address   invalid_request_error
    ├── CardError               402                                   card_error
    ├── AuthenticationError     401                                   invalid_request_error
    ├── IdempotencyError        400                                   idempotency_error
    └── RateLimitError          429                                   invalid_request_error

They are answers of a server, not faults of this program, and so stand outside the package's exception tree.
"""

from __future__ import annotations

from typing import Any, ClassVar

DOCUMENTATION = "https://docs.stripe.com/error-codes"


class StripeApiError(Exception):
    """An answer that is not a success.

    Args:
        message: What went wrong, for people.
        status: The HTTP status.
        code: Stripe's short code of the error, where it has one.
        param: The request parameter the error is about.
        details: Further fields of the error, such as ``decline_code`` or ``payment_intent``.
    """

    type: ClassVar[str] = "api_error"
    default_status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        param: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status or self.default_status
        self.code = code
        self.param = param
        self.details = details or {}

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer; fields without a value are left out."""
        fields = {
            "code": self.code,
            "doc_url": f"{DOCUMENTATION}#{self.code.replace('_', '-')}" if self.code else None,
            "message": self.message,
            "param": self.param,
            "type": self.type,
            **self.details,
        }
        return {"error": {name: value for name, value in fields.items() if value is not None}}


class InvalidRequestError(StripeApiError):
    """The request cannot be carried out as it was made."""

    type = "invalid_request_error"
    default_status = 400


class CardError(StripeApiError):
    """The card was declined."""

    type = "card_error"
    default_status = 402


class AuthenticationError(StripeApiError):
    """No key, or a key that this sandbox does not take."""

    type = "invalid_request_error"
    default_status = 401


class IdempotencyError(StripeApiError):
    """An idempotency key was used again for a different request."""

    type = "idempotency_error"
    default_status = 400


class RateLimitError(StripeApiError):
    """Too many requests, or one for something that is busy: the same request may be sent again later."""

    type = "invalid_request_error"
    default_status = 429


def unsupported(what: str, *, param: str | None = None) -> InvalidRequestError:
    """Return the refusal of something that Stripe knows and the sandbox does not.

    Args:
        what: The thing, as it should read in "The Stripe sandbox does not support …".
        param: The request parameter it came in.
    """
    return InvalidRequestError(
        f"The Stripe sandbox does not support {what}. Stripe itself may: leave it out, or run this against a "
        "Stripe test mode account.",
        code="sandbox_unsupported",
        param=param,
    )
