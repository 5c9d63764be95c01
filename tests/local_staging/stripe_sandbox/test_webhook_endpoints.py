"""Webhook endpoints that requests make: what they are told, and how their secrets are changed."""

from __future__ import annotations

import json

import pytest
import requests
import stripe

from local_staging.stripe_sandbox.signing import SigningSecrets, signature_header
from staging_validation.clients.polling import wait_for

URL = "http://127.0.0.1:1/hook"


def made(api, **params):
    return api.webhook_endpoints.create({"url": URL, "enabled_events": ["*"], **params})


def test_the_secret_is_told_once(api, differences):
    endpoint = made(api, description="d", metadata={"run": "r1"}, enabled_events=["invoice.paid"])
    value = json.loads(endpoint.last_response.body)

    assert value["secret"].startswith("whsec_")
    assert differences(value, stripe.WebhookEndpoint) == []
    known = json.loads(api.webhook_endpoints.retrieve(endpoint.id).last_response.body)
    assert known == {name: content for name, content in value.items() if name != "secret"}
    assert [item.id for item in api.webhook_endpoints.list().data] == [endpoint.id]


def test_an_endpoint_is_changed_and_deleted(api):
    endpoint = made(api).id
    changed = api.webhook_endpoints.update(
        endpoint, {"enabled_events": ["charge.failed"], "disabled": True, "url": "https://example.com/x"}
    )
    assert (changed.status, changed.enabled_events, changed.url) == (
        "disabled",
        ["charge.failed"],
        "https://example.com/x",
    )
    assert api.webhook_endpoints.update(endpoint, {"disabled": False}).status == "enabled"
    assert api.webhook_endpoints.delete(endpoint).deleted
    assert api.webhook_endpoints.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook_endpoint"):
        api.webhook_endpoints.retrieve(endpoint)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"url": "localhost"}, "Invalid URL: localhost"),
        ({"enabled_events": ["invoice.prayed"]}, "Invalid"),
        ({"connect": True}, "does not support the parameter 'connect'"),
    ],
)
def test_wrong_endpoints_are_refused(api, params, match):
    with pytest.raises(stripe.InvalidRequestError, match=match):
        made(api, **params)
    with pytest.raises(stripe.InvalidRequestError, match="Invalid URL"):
        api.webhook_endpoints.update(made(api).id, {"url": "x"})


def test_sixteen_are_the_most(api):
    for _ in range(16):
        made(api)
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        made(api)


def test_an_endpoint_is_told_what_it_wants(api, receiver):
    made(api)  # nobody listens there: its events stay pending
    endpoint = api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.updated"]})
    receiver.secret = endpoint.secret
    customer = api.customers.create().id
    api.customers.update(customer, {"name": "Ada"})
    receiver.wait_for_types("customer.updated")

    assert receiver.types() == ["customer.updated"]
    assert api.events.list({"type": "customer.created"}).data[0].pending_webhooks == 1
    wait_for(
        "one of two deliveries to be noted",
        lambda: api.events.list({"type": "customer.updated"}).data[0].pending_webhooks == 1 or None,
        timeout_seconds=10,
        interval_seconds=0.01,
    )


def test_while_a_former_secret_is_kept_there_are_two_signatures(api, server, receiver, raw):
    endpoint = api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    former = receiver.secret = endpoint.secret
    answer = raw("POST", f"/sandbox/webhook_endpoints/{endpoint.id}/roll_secret", data={"keep_seconds": 60})
    secret = answer.json()["secret"]
    assert secret.startswith("whsec_")
    assert secret != former

    api.customers.create()
    receiver.wait_for_types("customer.created")  # checked with the former secret
    body, header = receiver.seen[0]
    assert header.count("v1=") == 2
    for valid in (secret, former):
        stripe.Webhook.construct_event(body, header, valid)

    server.clock.time += 60
    receiver.secret = secret
    product = api.products.create({"name": "later"}).id
    receiver.wait_for_types("product.created")
    body, header = receiver.seen[-1]
    assert product in body.decode()
    assert header.count("v1=") == 1
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, former)


def test_a_secret_is_rolled_only_as_it_may(api, raw, server):
    path = f"/sandbox/webhook_endpoints/{made(api).id}/roll_secret"

    for data, match in (
        ({"keep_seconds": "86401"}, "0 to 86400"),
        ({"keep_seconds": "soon"}, "one parameter"),
        ({"keep": "1"}, "one parameter"),
    ):
        answer = raw("POST", path, data=data)
        assert answer.status_code == 400
        assert match in answer.json()["error"]["message"]
    assert raw("POST", "/sandbox/webhook_endpoints/we_none/roll_secret").status_code == 404
    assert requests.post(f"{server.url}{path}", timeout=5).status_code == 401


def test_a_deleted_endpoint_has_no_secrets_to_sign_with(api, server):
    endpoint = made(api).id
    assert len(server.sandbox.signing_secrets(endpoint)) == 1
    api.webhook_endpoints.delete(endpoint)

    assert server.sandbox.signing_secrets(endpoint) == []


def test_signing_secrets_grow_old():
    signing = SigningSecrets("whsec_a")
    signing.roll("whsec_b", former_until=100)
    signing.roll("whsec_c", former_until=50)

    assert signing.valid(49) == ["whsec_c", "whsec_b", "whsec_a"]
    assert signing.valid(50) == ["whsec_c", "whsec_a"]
    assert signing.valid(100) == ["whsec_c"]
    assert "whsec" not in repr(signing)


def test_all_signatures_are_of_one_moment():
    header = signature_header("{}", ["whsec_a", "whsec_b"], 7)

    assert header.startswith("t=7,v1=")
    assert header.count("t=") == 1
    for secret in ("whsec_a", "whsec_b"):
        alone = signature_header("{}", [secret], 7).partition("v1=")[2]
        assert alone in header
