from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from local_staging.service import onboarding

ONBOARD = "/api/v1/customers/onboard"


def test_signup_stores_customer_key_and_credits(driver, stripe):
    answer = driver.onboard(source="gh_marketplace")

    customer = answer["customer"]
    assert customer == {
        "id": customer["id"],
        "name": "Ann",
        "email": customer["email"],
        "trial_fixes_limit": 5,
        "trial_fixes_used": 0,
        "subscription_type": "trial",
    }
    row = driver.row(customer["id"])
    assert (row["credit_balance"], row["subscription_type"], row["subscription_state"]) == (5, "trial", None)
    assert row["stripe_customer_id"].startswith("cus_")
    assert row["metadata"] == {"source": "gh_marketplace"}
    assert driver.ledger(customer["id"]) == [(5, "trial_signup", 5)]
    assert re.fullmatch(r"rsolv_[A-Za-z0-9_-]{43}", answer["api_key"])
    key = driver.sql("SELECT * FROM api_keys WHERE customer_id = %s", customer["id"])[0]
    assert key["key_hash"] == hashlib.sha256(answer["api_key"].encode()).hexdigest()
    assert stripe.called("/v1/customers")[0]["metadata[customer_id]"] == str(customer["id"])
    assert driver.metric("credits_added_total", customer_id=customer["id"], reason="trial_signup") == 1


def test_test_clock_is_passed_to_stripe(driver, stripe):
    driver.onboard(stripe_test_clock="clock_1")
    driver.onboard()

    assert [call.get("test_clock") for call in stripe.called("/v1/customers")] == ["clock_1", None]


def test_every_post_to_stripe_has_an_idempotency_key_of_its_own(driver, stripe):
    customer_id = driver.pro()
    driver.post(customer_id, "cancel", at_period_end=True)
    driver.spend_all(customer_id)
    driver.post(customer_id, "fixes", fix_id="fix-1")

    keys = [key for method, _, _, key in stripe.calls if method == "POST"]
    assert len(keys) == 6
    assert None not in keys
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("status", "error"),
    [(503, {"message": "busy"}), (400, {"type": "invalid_request_error", "message": "No such clock"})],
)
def test_nothing_is_stored_when_stripe_fails(driver, stripe, status, error):
    stripe.fail("/v1/customers", status, **error)

    answer = driver.http.post(ONBOARD, json={"name": "Ann", "email": "ann@test.example.com"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "PROVISIONING_FAILED"
    assert driver.sql("SELECT 1 FROM customers UNION ALL SELECT 1 FROM api_keys") == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "ann@test.example.com"}, "name"),
        ({"name": "  ", "email": "ann@test.example.com"}, "name"),
        ({"name": "A\u0000", "email": "ann@test.example.com"}, "name"),
        ({"name": "Ann"}, "email"),
        ({"name": "Ann", "email": "no address"}, "email"),
        ({"name": "Ann", "email": f"{'a' * 250}@test.example.com"}, "email"),
        ({"name": "Ann", "email": "ann@test.example.com", "source": 5}, "source"),
        ([], "body"),
    ],
)
def test_wrong_fields_are_refused_before_stripe(driver, stripe, body, field):
    answer = driver.http.post(ONBOARD, json=body)

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "VALIDATION_FAILED"
    assert answer.json()["error"]["message"].startswith(field)
    assert stripe.calls == []


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"name": "\\ud800", "email": "a@b.example"}'])
def test_body_that_is_no_json_is_refused(driver, body):
    answer = driver.http.post(ONBOARD, content=body)

    assert answer.status_code == 422


def test_taken_address_is_refused(driver, stripe):
    email = driver.onboard()["customer"]["email"]

    answer = driver.http.post(ONBOARD, json={"name": "Bob", "email": email})

    assert answer.status_code == 422
    assert "already been taken" in answer.json()["error"]["message"]
    assert len(stripe.called("POST /v1/customers")) == 1


def test_one_address_signed_up_many_times_at_once_is_stored_once(driver, stripe):
    def sign_up(_):
        return driver.http.post(ONBOARD, json={"name": "Ann", "email": "ann@test.example.com"}).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(sign_up, range(6)))

    assert sorted(statuses) == [201, 422, 422, 422, 422, 422]
    made, deleted = stripe.called("POST /v1/customers"), stripe.called("DELETE /v1/customers")
    assert len(made) - len(deleted) == 1
    assert driver.sql("SELECT count(*) AS found FROM credit_transactions") == [{"found": 1}]


def test_stripe_customer_is_deleted_when_the_row_cannot_be_stored(driver, stripe, monkeypatch):
    monkeypatch.setattr(onboarding, "hash_api_key", lambda _: "x" * 65)

    answer = driver.http.post(ONBOARD, json={"name": "Ann", "email": "ann@test.example.com"})

    assert answer.status_code == 422
    assert len(stripe.called("DELETE /v1/customers/cus_")) == 1
    assert driver.sql("SELECT 1 FROM customers") == []


def test_stripe_customer_that_cannot_be_deleted_is_logged(platform, stripe, caplog):
    stripe.fail("DELETE /v1/customers", 500, message="down")

    platform.stripe.delete_customer("cus_left")

    assert "cus_left" in caplog.text


def test_eleventh_signup_in_a_minute_is_refused_without_headers(strict_driver):
    for _ in range(10):
        strict_driver.onboard()

    answer = strict_driver.http.post(ONBOARD, json={"name": "Ann", "email": "one-more@test.example.com"})

    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "RATE_LIMITED"
    assert "retry-after" not in answer.headers
    assert not any(name.startswith("x-ratelimit") for name in answer.headers)
