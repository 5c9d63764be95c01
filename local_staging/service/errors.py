"""Requests that the service refuses: what people are told, and under which code and status."""

from __future__ import annotations


class RefusedError(Exception):
    """A request is refused; nothing has changed.

    Args:
        status: The HTTP status of the answer.
        code: The reason as a stable name for programs (platform contract, HTTP API).
        message: The reason as a sentence for people.
        headers: Headers of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
        super().__init__(message)


class CardDeclinedError(RefusedError):
    """A card was declined.

    Args:
        message: Stripe's own sentence about it.
        failure_code: Why, in the words of the metric catalogue (``card_declined``, ``expired_card``, …).
    """

    def __init__(self, message: str, failure_code: str) -> None:
        self.failure_code = failure_code
        super().__init__(402, "card_declined", message)


class StripeFailedError(RefusedError):
    """Stripe cannot be reached, or does not accept the request."""


class InvalidFieldsError(Exception):
    """A request body has wrong fields.

    Args:
        errors: Messages by field name.
    """

    def __init__(self, errors: dict[str, list[str]]) -> None:
        self.errors = errors
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """All messages as one sentence."""
        return "; ".join(f"{field} {' and '.join(messages)}" for field, messages in self.errors.items())


def not_found(customer_id: int) -> RefusedError:
    """Build the refusal for a customer that does not exist."""
    return RefusedError(404, "not_found", f"There is no customer {customer_id}.")


def unauthorized() -> RefusedError:
    """Build the refusal for a missing or wrong API key; it does not say which."""
    return RefusedError(401, "UNAUTHORIZED", "Missing or invalid API key (header x-api-key).")
