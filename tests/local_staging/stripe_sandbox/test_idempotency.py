"""Idempotency keys, through the real client and as plain requests."""

from __future__ import annotations

import pytest
import stripe

from local_staging.stripe_sandbox.idempotency import KEEP_SECONDS


def test_the_same_request_is_carried_out_once(api, server):
    first, second = (api.customers.create({"name": "Ada"}, {"idempotency_key": "signup-1"}) for _ in range(2))

    assert first.id == second.id
    assert len(server.sandbox.store.newest_first("customer")) == 1
    assert len(server.sandbox.store.newest_first("event")) == 1
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Original-Request"] == first.last_response.request_id
    assert second.last_response.request_id != first.last_response.request_id
    assert "Idempotent-Replayed" not in first.last_response.headers


def test_other_parameters_with_the_same_key_are_refused(api):
    api.customers.create({"name": "Ada"}, {"idempotency_key": "k"})

    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        api.customers.create({"name": "Bob"}, {"idempotency_key": "k"})
    assert refused.value.http_status == 400


def test_another_address_with_the_same_key_is_refused(api):
    customer = api.customers.create({"name": "Ada"}, {"idempotency_key": "k"})

    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.customers.update(customer.id, {"name": "Ada"}, {"idempotency_key": "k"})


def test_keys_of_different_accounts_do_not_meet(server, connect):
    ids = {
        connect(server.url, key).v1.customers.create({}, {"idempotency_key": "k"}).id
        for key in ("sk_test_one", "sk_test_two")
    }

    assert len(ids) == 2


def test_a_decline_is_replayed(api, server):
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            api.payment_intents.create(
                {
                    "amount": 100,
                    "currency": "usd",
                    "confirm": True,
                    "payment_method": "pm_card_visa_chargeDeclined",
                },
                {"idempotency_key": "pay"},
            )

    assert len(server.sandbox.store.newest_first("charge")) == 1


def test_a_request_that_failed_validation_may_be_corrected(api):
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create({"emial": "x"}, {"idempotency_key": "k"})

    assert api.customers.create({"email": "a@example.com"}, {"idempotency_key": "k"}).id


def test_a_key_is_forgotten_after_a_day(api, server):
    first = api.customers.create({}, {"idempotency_key": "k"})
    server.clock.time += KEEP_SECONDS
    assert api.customers.create({}, {"idempotency_key": "k"}).id == first.id
    server.clock.time += 1
    assert api.customers.create({}, {"idempotency_key": "k"}).id != first.id


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_keys_have_a_sane_length(raw, key):
    answer = raw("POST", "/v1/customers", headers={"Idempotency-Key": key})

    assert answer.status_code == 400
    assert "between 1 and 255" in answer.json()["error"]["message"]


def test_keys_mean_nothing_on_reading(raw):
    for path in ("/v1/balance", "/v1/customers"):
        assert raw("GET", path, headers={"Idempotency-Key": "k"}).status_code == 200
