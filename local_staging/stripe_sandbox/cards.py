"""The test cards of Stripe's documentation ("Testing"): by number, and by the names of ready payment methods."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from local_staging.stripe_sandbox.errors import CardError


@dataclass(frozen=True)
class Decline:
    """Why the issuer says no."""

    code: str
    decline_code: str
    message: str

    def error(self, **details: object) -> CardError:
        """Return the answer to a request that this decline stops; ``details`` are further error fields."""
        return CardError(self.message, code=self.code, details={"decline_code": self.decline_code, **details})


@dataclass(frozen=True)
class TestCard:
    """One documented test card.

    Args:
        number: The card's number.
        names: The names of payment methods made from it (``pm_…``), usable in place of an id.
        brand: The card's brand.
        funding: credit, debit or prepaid.
        decline: What every charge is answered with; None for a good card.
        attaches: Whether the card can be attached to a customer. Cards that decline cannot, with the exceptions
            that exist for this: they attach and then fail.
    """

    __test__ = False

    number: str
    names: tuple[str, ...]
    brand: str = "visa"
    funding: str = "credit"
    decline: Decline | None = None
    attaches: bool = True

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        """The same for every payment method made from this card."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]


def _generic(decline_code: str, message: str = "Your card was declined.") -> Decline:
    return Decline("card_declined", decline_code, message)


def _declining(number: str, names: tuple[str, ...], decline: Decline) -> TestCard:
    return TestCard(number, names, decline=decline, attaches=False)


CARDS: tuple[TestCard, ...] = (
    TestCard("4242424242424242", ("pm_card_visa", "pm_card_us")),
    TestCard("4000056655665556", ("pm_card_visa_debit",), funding="debit"),
    TestCard("5555555555554444", ("pm_card_mastercard",), brand="mastercard"),
    TestCard("5200828282828210", ("pm_card_mastercard_debit",), brand="mastercard", funding="debit"),
    TestCard("5105105105105100", ("pm_card_mastercard_prepaid",), brand="mastercard", funding="prepaid"),
    TestCard("378282246310005", ("pm_card_amex",), brand="amex"),
    TestCard("6011111111111117", ("pm_card_discover",), brand="discover"),
    TestCard("3056930009020004", ("pm_card_diners",), brand="diners"),
    TestCard("3566002020360505", ("pm_card_jcb",), brand="jcb"),
    TestCard("6200000000000005", ("pm_card_unionpay",), brand="unionpay"),
    TestCard("4000000000000341", ("pm_card_chargeCustomerFail",), decline=_generic("generic_decline")),
    # Nobody sits in front of the sandbox who could authenticate: it treats every payment as one off-session.
    TestCard(
        "4000002760003184",
        ("pm_card_authenticationRequired",),
        decline=Decline(
            "authentication_required",
            "authentication_required",
            "Your card was declined. This transaction requires authentication.",
        ),
    ),
    _declining(
        "4000000000000002",
        ("pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"),
        _generic("generic_decline"),
    ),
    _declining(
        "4000000000009995",
        ("pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds"),
        _generic("insufficient_funds", "Your card has insufficient funds."),
    ),
    _declining("4000000000009987", ("pm_card_visa_chargeDeclinedLostCard",), _generic("lost_card")),
    _declining("4000000000009979", ("pm_card_visa_chargeDeclinedStolenCard",), _generic("stolen_card")),
    _declining(
        "4000000000006975",
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded",),
        _generic(
            "card_velocity_exceeded", "Your card was declined for making repeated attempts too frequently."
        ),
    ),
    _declining(
        "4000000000000069",
        ("pm_card_chargeDeclinedExpiredCard",),
        Decline("expired_card", "expired_card", "Your card has expired."),
    ),
    _declining(
        "4000000000000127",
        ("pm_card_chargeDeclinedIncorrectCvc",),
        Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    ),
    _declining(
        "4000000000000119",
        ("pm_card_chargeDeclinedProcessingError",),
        Decline(
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
)
_BY_NUMBER = {card.number: card for card in CARDS}
_BY_NAME = {name: card for card in CARDS for name in card.names}


def card_named(name: str) -> TestCard | None:
    """Return the card behind a ready payment method's name, such as ``pm_card_visa``."""
    return _BY_NAME.get(name)


def card_numbered(number: str) -> TestCard:
    """Return the test card with a number.

    Raises:
        CardError: The number is no card number, or no test card of this table. The message never repeats it.
    """
    digits = number.replace(" ", "").replace("-", "")
    if card := _BY_NUMBER.get(digits):
        return card
    if not _is_card_number(digits):
        raise CardError("Your card number is incorrect.", code="incorrect_number", param="number")
    raise CardError(
        "Your card was declined. The request was in test mode, but the card is none of the sandbox's test cards. "
        "For a list of test cards see https://docs.stripe.com/testing.",
        code="card_declined",
        details={"decline_code": "test_mode_live_card"},
    )


def _is_card_number(digits: str) -> bool:
    """Say whether a number's last digit is right (the Luhn formula)."""
    if not digits.isdecimal() or not 12 <= len(digits) <= 19:
        return False
    doubled = (2 * int(digit) if place % 2 else int(digit) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
