"""Faults of signing up, of API keys, and of what people are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_staging.faults.model import Fault, Notice
from local_staging.faults.switches import constant, reworded, wrapped
from local_staging.service import customers, fix_attempts, internal_routes, onboarding, routes
from local_staging.service.errors import InvalidFieldsError, RefusedError
from local_staging.service.stripe_gateway import StripeGateway

_NEWEST = "SELECT max(id) AS id FROM customers"


def forgetting_the_source(onboard: Callable[..., Any]) -> Callable[..., Any]:
    """Forget where a customer comes from."""
    return lambda platform, request: onboard(platform, request.model_copy(update={"source": None}))


def another_hash(hash_key: Callable[[str], str]) -> Callable[[str], str]:
    """Store the hash of another key."""
    return lambda api_key: hash_key(f"{api_key}?")


def anybody(wrong: Callable[[str | None], bool]) -> Callable[[Any], Callable[..., int]]:
    """Take whoever sends a key that is wrong in a way for the newest customer."""

    def make(authenticate: Callable[..., int]) -> Callable[..., int]:
        def lenient(connection: Any, api_key: str | None) -> int:
            try:
                return authenticate(connection, api_key)
            except RefusedError:
                if not wrong(api_key):
                    raise
            newest: int = connection.execute(_NEWEST).fetchone()["id"]
            return newest

        return lenient

    return make


def without_metadata(create: Callable[..., str]) -> Callable[..., str]:
    """Make a Stripe customer that does not say whose it is."""
    return lambda gateway, **known: create(gateway, **{**known, "metadata": {}})


def with_any_status(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Take a status that does not exist for the usual one."""

    def lenient(model: type, body: Any) -> Any:
        try:
            return parse(model, body)
        except InvalidFieldsError:
            return parse(model, {**body, "status": "pending"})

    return lenient


def of_somebody_healthy(summary: Callable[..., Any]) -> Callable[..., Any]:
    """Show every subscription as active."""

    def rosy(connection: Any, customer_id: int) -> dict[str, Any]:
        shown: dict[str, Any] = summary(connection, customer_id)
        return {**shown, "subscription_state": shown["subscription_state"] and "active"}

    return rosy


SIGNUP = (
    Fault(
        "trial-of-ten-fixes",
        "A new trial may deploy five fixes.",
        constant(onboarding, "TRIAL_FIXES_LIMIT", 10),
        Notice("w01_signup", "onboard.answer", "trial_fixes_limit=10, expected … trial_fixes_limit=5"),
    ),
    Fault(
        "source-lost",
        "Who comes from the marketplace is recorded as such.",
        wrapped(routes, "onboard", forgetting_the_source),
        Notice(
            "w13_marketplace",
            "onboard.customer",
            "metadata is … expected (a field with the value gh_marketplace)",
        ),
    ),
    Fault(
        "stripe-customer-without-owner",
        "The Stripe customer says which of the platform's customers it is.",
        wrapped(StripeGateway, "create_customer", without_metadata),
        Notice(
            "w01_signup", "stripe_customer.stripe_customer", "metadata is , expected (a field with the value"
        ),
    ),
    Fault(
        "email-misspelt-at-stripe",
        "Stripe knows the customer by the same address.",
        wrapped(
            StripeGateway,
            "create_customer",
            lambda create: lambda gateway, *, email, **known: create(gateway, email=f"x{email}", **known),
        ),
        Notice("w01_signup", "stripe_customer.stripe_customer", "email is xw01 … expected w01"),
    ),
)

KEYS = (
    Fault(
        "key-not-stored",
        "The API key that a new customer gets is the one that is stored.",
        wrapped(onboarding, "hash_api_key", another_hash),
        Notice("w01_signup", "api_key.api_keys", "matches=false (expected active=true, matches=true"),
    ),
    Fault(
        "wrong-key-accepted",
        "A wrong API key does not open the API.",
        wrapped(routes, "authenticate", anybody(bool)),
        Notice("w01_signup", "api_key.answer_2", "http_status is 200, expected 401"),
    ),
    Fault(
        "no-key-accepted",
        "Without an API key nothing is recorded.",
        wrapped(routes, "authenticate", anybody(lambda api_key: not api_key)),
        Notice("w16_fix_attempt", "without_a_key.answer", "http_status is 201, expected 401"),
    ),
)

RECORDS = (
    Fault(
        "duplicate-attempt-accepted",
        "The same pull request is recorded once.",
        reworded(fix_attempts, "_INSERT", "RETURNING", "ON CONFLICT DO NOTHING RETURNING"),
        Notice("w16_fix_attempt", "duplicate.answer", "http_status is 201, expected 409"),
    ),
    Fault(
        "any-status-accepted",
        "A status that does not exist is refused.",
        wrapped(routes, "parse", with_any_status),
        Notice("w16_fix_attempt", "bad_status.answer", "http_status is 201, expected 422"),
    ),
    Fault(
        "summary-hides-a-debt",
        "The summary shows who is past due.",
        wrapped(internal_routes, "summary", of_somebody_healthy),
        Notice("w17_ten_states", "pro_past_due.summary", "subscription_state is active, expected past_due"),
    ),
    Fault(
        "summary-without-credits",
        "The summary shows the balance.",
        reworded(customers, "_READ", "credit_balance", "0 AS credit_balance"),
        Notice("w02_first_fix", "deploy.answer", "credit_balance is 0, expected 4"),
    ),
)

FAULTS = (*SIGNUP, *KEYS, *RECORDS)
