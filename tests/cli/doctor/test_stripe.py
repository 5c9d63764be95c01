"""The doctor on Stripe: never with a live key; the price, the secret, the webhook endpoint."""

from __future__ import annotations

import pytest

from tests.cli.doctor.shared import (
    PRICE,
    outcome,
)


@pytest.mark.parametrize("key", ["sk_" + "live_" + "x" * 24, "pk_test_publishable"])
def test_a_key_that_is_no_test_key_is_never_used(staging, doctor, key):
    staging.connect("stripe_default", **{**staging.stripe, "password": key})
    status, found = doctor()
    assert (status, outcome(found, "stripe_default.key")) == (3, "refused")
    assert staging.servers["stripe_default"].asked == []


@pytest.mark.parametrize(
    ("answer", "check", "expected"),
    [
        (
            (401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}),
            "authorised",
            "failed",
        ),
        ((403, {"error": {"type": "x", "message": "not permitted"}}), "authorised", "failed"),
        ((404, {"error": {"type": "x", "code": "resource_missing"}}), "price", "failed"),
        ((500, {"error": {"type": "api_error"}}), "price", "errored"),
        ((404, {"detail": "Not Found"}), "thing", "failed"),
        ((200, "<html>"), "thing", "failed"),
        ((200, {**PRICE, "currency": "eur"}), "price", "failed"),
        ((200, {**PRICE, "unit_amount": 599}), "price", "failed"),
        ((200, {**PRICE, "active": False}), "price", "failed"),
        ((200, {**PRICE, "recurring": None}), "price", "failed"),
        ((200, {**PRICE, "recurring": {"interval": "year", "interval_count": 1}}), "price", "failed"),
    ],
)
def test_the_pro_price(staging, doctor, answer, check, expected):
    staging.servers["stripe_default"].answers["/v1/prices/price_pro"] = answer
    _, found = doctor("stripe_default")
    assert outcome(found, f"stripe_default.{check}") == expected


def test_a_wrong_currency_says_what_was_expected(staging, doctor):
    staging.servers["stripe_default"].answers["/v1/prices/price_pro"] = (200, {**PRICE, "currency": "eur"})
    status, found = doctor("stripe_default")
    result = found["stripe_default.price"]
    assert (status, result["expected"], result["actual"]) == (1, {"currency": "usd"}, {"currency": "eur"})


def test_a_signing_secret_has_a_shape(staging, doctor):
    extra = {**staging.stripe["extra"], "webhook_secret": "sk_test_mixedup"}
    staging.connect("stripe_default", **{**staging.stripe, "extra": extra})
    status, found = doctor("stripe_default")
    assert (status, outcome(found, "stripe_default.webhook_secret")) == (1, "failed")


@pytest.mark.parametrize(
    ("change", "expected", "told"),
    [
        ({"status": "disabled"}, "failed", "is disabled"),
        ({"url": "https://elsewhere/api"}, "warning", "there are: https://elsewhere/api"),
        (
            {"enabled_events": ["invoice.payment_failed"]},
            "failed",
            "is not told of invoice.payment_succeeded",
        ),
        ("none", "failed", "none at all"),
        ((403, {"error": {"type": "x"}}), "skipped", "may not list webhook endpoints"),
        ((500, {"error": {"type": "x"}}), "errored", "500"),
    ],
)
def test_the_webhook_endpoint(staging, doctor, change, expected, told):
    server = staging.servers["stripe_default"]
    endpoints = server.answers["/v1/webhook_endpoints"]
    if isinstance(change, tuple):
        server.answers["/v1/webhook_endpoints"] = change
    elif change == "none":
        endpoints[1]["data"].clear()
    else:
        endpoints[1]["data"][0].update(change)
    _, found = doctor("stripe_default")
    assert outcome(found, "stripe_default.webhook_endpoint") == expected
    result = found["stripe_default.webhook_endpoint"]
    assert told in (result["actual"] or result["evidence"]["reason"])


def test_wrong_paths_are_said_of_the_billing_api_alone(staging, doctor):
    extra = {"paths": {"webhok": "/x"}}
    staging.connect("staging_api", host="127.0.0.1", port=staging.ports["staging_api"], extra=extra)
    status, found = doctor("stripe_default", "staging_api")
    assert (status, outcome(found, "staging_api.paths")) == (1, "failed")
    assert "stripe_default.webhook_endpoint" not in found
