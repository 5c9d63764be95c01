"""The strict checking of request parameters, and the shape of refusals."""

from __future__ import annotations

import pytest
import stripe

from local_staging.stripe_sandbox.errors import InvalidRequestError, StripeApiError
from local_staging.stripe_sandbox.operations import Operation
from local_staging.stripe_sandbox.params import check
from local_staging.stripe_sandbox.resources import OPERATIONS


def operation(method: str, path: str) -> Operation:
    (found,) = (item for item in OPERATIONS if (item.method, item.path) == (method, path))
    return found


@pytest.mark.parametrize(
    ("path", "given", "checked"),
    [
        (
            "/v1/payment_intents",
            {"amount": "50", "currency": "usd", "confirm": "true"},
            {"amount": 50, "currency": "usd", "confirm": True},
        ),
        (
            "/v1/subscriptions",
            {"customer": "c", "items": [{"price": "p", "quantity": "2"}]},
            {"customer": "c", "items": [{"price": "p", "quantity": 2}]},
        ),
        (
            "/v1/customers",
            {"metadata": {"any name": "x"}, "description": ""},
            {"metadata": {"any name": "x"}, "description": ""},
        ),
        ("/v1/customers", {"metadata": ""}, {"metadata": ""}),
    ],
)
def test_strings_become_their_types(path, given, checked):
    assert check(operation("POST", path), given) == checked


@pytest.mark.parametrize(
    ("path", "given", "code", "param", "message"),
    [
        ("/v1/customers", {"emial": "x"}, "parameter_unknown", "emial", "Received unknown parameter: emial"),
        ("/v1/customers", {"api_key": "x"}, "parameter_unknown", "api_key", "Received unknown"),
        (
            "/v1/subscriptions",
            {"items": [{"price": "p"}, {"prize": "p"}]},
            "parameter_unknown",
            "items[1][prize]",
            "Received unknown",
        ),
        (
            "/v1/customers",
            {"invoice_settings": {"default_card": "x"}},
            "parameter_unknown",
            "invoice_settings[default_card]",
            "Received unknown",
        ),
        (
            "/v1/customers",
            {"address": {"planet": "x"}},
            "parameter_unknown",
            "address[planet]",
            "Received unknown",
        ),
        (
            "/v1/payment_intents",
            {"amount": "50"},
            "parameter_missing",
            "currency",
            "Missing required param: currency.",
        ),
        (
            "/v1/prices",
            {"currency": "usd", "recurring": {"interval_count": "1"}},
            "parameter_missing",
            "recurring[interval]",
            "Missing required",
        ),
        (
            "/v1/payment_intents",
            {"amount": "fifty", "currency": "usd"},
            "parameter_invalid_integer",
            "amount",
            "Invalid integer: fifty",
        ),
        (
            "/v1/payment_intents",
            {"amount": "1_000", "currency": "usd"},
            "parameter_invalid_integer",
            "amount",
            "Invalid integer: 1_000",
        ),
        (
            "/v1/payment_intents",
            {"amount": "10.0", "currency": "usd"},
            "parameter_invalid_integer",
            "amount",
            "Invalid integer",
        ),
        (
            "/v1/payment_intents",
            {"amount": "50", "currency": "usd", "confirm": "yes"},
            None,
            "confirm",
            "Invalid boolean: yes",
        ),
        (
            "/v1/payment_intents",
            {"amount": "50", "currency": "usd", "confirm": "si"},
            None,
            "confirm",
            "Invalid boolean: si",
        ),
        ("/v1/subscriptions", {"items": "p"}, None, "items", "Invalid array: p"),
        ("/v1/customers", {"email": {"a": "b"}}, None, "email", "Invalid value"),
        (
            "/v1/customers",
            {"balance": "100"},
            "sandbox_unsupported",
            "balance",
            "does not support the parameter 'balance'",
        ),
        (
            "/v1/customers",
            {"shipping": {"name": "x", "address": {"city": "x"}}},
            "sandbox_unsupported",
            "shipping[name]",
            "does not support",
        ),
        (
            "/v1/subscriptions",
            {"items": [{"price": "p", "plan": "q"}]},
            "sandbox_unsupported",
            "items[0][plan]",
            "does not support",
        ),
        (
            "/v1/subscriptions",
            {"payment_behavior": "pending_if_incomplete"},
            "sandbox_unsupported",
            "payment_behavior",
            "it supports allow_incomplete, default_incomplete",
        ),
        (
            "/v1/payment_intents",
            {"amount": "50", "currency": "usd", "capture_method": "manual"},
            "sandbox_unsupported",
            "capture_method",
            "the value 'manual'",
        ),
    ],
)
def test_wrong_parameters_are_refused(path, given, code, param, message):
    with pytest.raises(InvalidRequestError) as refused:
        check(operation("POST", path), given)

    assert (refused.value.status, refused.value.code, refused.value.param) == (400, code, param)
    assert message in refused.value.message


def test_a_card_number_is_not_repeated():
    given = {"type": "card", "card": {"number": ["4242424242424242"]}}

    with pytest.raises(InvalidRequestError) as refused:
        check(operation("POST", "/v1/payment_methods"), given)

    assert "4242" not in refused.value.message


@pytest.mark.parametrize("item", OPERATIONS, ids=lambda item: f"{item.method} {item.path}")
def test_every_operation_is_described_by_the_library(item):
    """A type that the library does not have, or cannot be built, shows here rather than at the first request."""
    with pytest.raises(InvalidRequestError, match="no_such_parameter"):
        check(item, {"no_such_parameter": "x"})


ACCEPTED = [(item, accepted.split("=")[0]) for item in OPERATIONS for accepted in item.accepts]


@pytest.mark.parametrize(
    ("item", "dotted"), ACCEPTED, ids=[f"{item.method} {item.path} {dotted}" for item, dotted in ACCEPTED]
)
def test_what_an_operation_accepts_is_known_to_the_library(item, dotted):
    """A parameter that a new version of the API dropped would otherwise stay in the table, unused."""
    first, *inner = dotted.split(".")
    value = "x"
    for name in reversed(inner):
        value = {"some_key" if name == "*" else name: value}

    def code(given):
        try:
            check(item, given)
        except InvalidRequestError as refused:
            return refused.code
        return "accepted"

    assert {code({first: value}), code({first: [value]})} != {"parameter_unknown"}


def test_refusals_have_the_shape_of_stripes_errors(raw):
    answer = raw("POST", "/v1/customers", data={"emial": "x"})

    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "code": "parameter_unknown",
            "doc_url": "https://docs.stripe.com/error-codes#parameter-unknown",
            "message": "Received unknown parameter: emial",
            "param": "emial",
            "type": "invalid_request_error",
        }
    }
    assert answer.headers["Request-Id"].startswith("req_")


def test_the_client_raises_its_own_errors(api):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.customers.create({"emial": "x"})

    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "emial")
    assert refused.value.request_id.startswith("req_")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/coupons"), ("DELETE", "/v1/charges/ch_1"), ("POST", "/v1/charges"), ("GET", "/")],
)
def test_addresses_that_lead_nowhere_are_named(raw, method, path):
    answer = raw(method, path)

    assert answer.status_code == 404
    assert f"Unrecognized request URL ({method}: {path})" in answer.json()["error"]["message"]


def test_json_bodies_are_refused(raw):
    answer = raw("POST", "/v1/customers", json={"name": "x"})

    assert answer.status_code == 400
    assert "application/x-www-form-urlencoded" in answer.json()["error"]["message"]


def test_bodies_are_utf_8(raw):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = raw("POST", "/v1/customers", data=b"name=\xff", headers=headers)

    assert answer.status_code == 400
    assert "no UTF-8" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "header", [{"Stripe-Version": "2020-08-27"}, {"Stripe-Account": "acct_1"}, {"Stripe-Context": "x"}]
)
def test_headers_that_change_the_meaning_are_refused(raw, header):
    answer = raw("GET", "/v1/balance", headers=header)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "sandbox_unsupported"


def test_the_error_tree_has_one_base():
    body = StripeApiError("broken").body()

    assert body == {"error": {"message": "broken", "type": "api_error"}}
