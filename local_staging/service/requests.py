"""The bodies of requests: what they may hold, and how their faults are told."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from local_staging.service.errors import InvalidFieldsError

_MAX_INTEGER = 2**31 - 1

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00]+$")
]
Email = Annotated[Text, StringConstraints(pattern=r"^[^\s@\x00]+@[^\s@\x00]+\.[^\s@\x00]+$")]
Number = Annotated[int, Field(ge=1, le=_MAX_INTEGER, strict=True)]

_MESSAGES = {
    "missing": "can't be blank",
    "string_too_short": "can't be blank",
    "string_pattern_mismatch": "has invalid format",
    "literal_error": "is invalid",
}
_NO_OBJECT = "must be a JSON object"


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class OnboardRequest(_Body):
    """A customer who signs up."""

    name: Text
    """The customer's name."""
    email: Email
    """The customer's address, kept as it is written."""
    source: Text | None = None
    """Where the customer comes from, for example ``gh_marketplace``."""
    stripe_test_clock: Text | None = None
    """The Stripe test clock that the Stripe customer shall live on."""


class FixAttemptRequest(_Body):
    """A pull request that the platform made."""

    github_org: Text
    """The organisation on GitHub."""
    repo_name: Text
    """The repository's name."""
    pr_number: Number
    """The pull request's number."""
    issue_number: Number | None = None
    """The number of the issue it fixes."""
    status: Literal["pending", "merged", "rejected", "timeout"] = "pending"
    """What became of it."""
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    """Anything else."""


class PaymentMethodRequest(_Body):
    """A payment method to add."""

    payment_method: Text
    """The Stripe payment method's id."""
    consent: Annotated[bool, Field(strict=True)] = False
    """Whether the customer agreed to be billed."""


class CancelRequest(_Body):
    """A subscription to cancel."""

    at_period_end: Annotated[bool, Field(strict=True)]
    """Whether at the end of the period, or now."""


class FixRequest(_Body):
    """A fix that was deployed."""

    fix_id: Text
    """The fix; it is billed once."""


_Request = TypeVar("_Request", bound=_Body)


def parse(model: type[_Request], body: object) -> _Request:
    """Check a request's body.

    Args:
        model: What it must be.
        body: The parsed JSON; None when it was none.

    Raises:
        InvalidFieldsError: Fields are missing or wrong.
    """
    if not isinstance(body, dict):
        raise InvalidFieldsError({"body": [_NO_OBJECT]})
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise InvalidFieldsError(_messages(error)) from error


def _messages(error: ValidationError) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        text = _MESSAGES.get(fault["type"]) or _decapitalised(fault)
        known = messages.setdefault(str(fault["loc"][0]), [])
        if text not in known:
            known.append(text)
    return messages


def _decapitalised(fault: Any) -> str:
    message: str = fault["msg"]
    return message[0].lower() + message[1:]
