"""Stripe: test mode only, our errors, and signatures that Stripe's own check accepts."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import parse_qs

import pytest
import tenacity

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import (
    ConfigurationError,
    GuardRefusedError,
    ServiceAnswerError,
    ServiceUnreachableError,
)

KEY = "sk_test_abc123"
SECRET = "whsec_test"
CUSTOMER = {"id": "cus_1", "object": "customer", "livemode": False, "email": "a@test.example.com"}


@pytest.fixture
def api(httpserver):
    client = StripeApi(
        KEY, httpserver.url_for("/").rstrip("/"), "price_pro", SECRET, wait=tenacity.wait_none()
    )
    yield client
    client.close()


def _error(kind="invalid_request_error", **fields):
    return {"error": {"type": kind, "message": "It did not work.", **fields}}


@pytest.mark.parametrize(
    "key", ["sk_live_abc", "rk_live_abc", "pk_test_abc", "", "sk_test_", "x sk_test_abc"]
)
def test_a_key_that_is_no_test_key_is_refused_before_any_call(httpserver, key):
    with pytest.raises(GuardRefusedError, match="no test-mode key") as caught:
        StripeApi(key, httpserver.url_for("/"), "price_pro", SECRET)
    assert not httpserver.log
    assert "abc" not in str(caught.value)


def test_restricted_test_keys_are_allowed():
    StripeApi("rk_test_abc", None, "price_pro", SECRET)


def test_a_customer_is_read_as_plain_values(api, httpserver):
    httpserver.expect_request("/v1/customers/cus_1").respond_with_json({**CUSTOMER, "metadata": {"a": "b"}})
    found = api.customer("cus_1")
    assert type(found) is dict
    assert type(found["metadata"]) is dict
    request, _ = httpserver.log[-1]
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert "X-Stripe-Client-Telemetry" not in request.headers


def test_no_telemetry_is_sent_with_later_requests(api, httpserver):
    httpserver.expect_request("/v1/customers/cus_1").respond_with_json(
        CUSTOMER, headers={"request-id": "req_1"}
    )
    api.customer("cus_1")
    api.customer("cus_1")
    request, _ = httpserver.log[-1]
    assert "X-Stripe-Client-Telemetry" not in request.headers


def test_an_unknown_customer_is_none(api, httpserver):
    httpserver.expect_request("/v1/customers/cus_1").respond_with_json(
        _error(code="resource_missing"), status=404
    )
    assert api.customer("cus_1") is None


@pytest.mark.parametrize("livemode", [True, None, "false"])
def test_an_object_that_is_not_of_test_mode_stops_everything(api, httpserver, livemode):
    httpserver.expect_request("/v1/customers/cus_1").respond_with_json({**CUSTOMER, "livemode": livemode})
    with pytest.raises(GuardRefusedError, match=r"customer cus_1 says livemode"):
        api.customer("cus_1")


def test_objects_in_lists_are_checked_too(api, httpserver):
    entries = [{"id": "in_1", "object": "invoice", "livemode": mode} for mode in (False, True)]
    httpserver.expect_request(
        "/v1/invoices", query_string={"customer": "cus_1", "limit": "100"}
    ).respond_with_json({"object": "list", "data": entries, "has_more": False, "url": "/v1/invoices"})
    with pytest.raises(GuardRefusedError, match="invoice in_1 says livemode True"):
        api.invoices("cus_1")


def test_subscriptions_of_every_status_are_listed(api, httpserver):
    entry = {"id": "sub_1", "object": "subscription", "livemode": False, "status": "canceled"}
    query = {"customer": "cus_1", "status": "all", "limit": "100"}
    httpserver.expect_request("/v1/subscriptions", query_string=query).respond_with_json(
        {"object": "list", "data": [entry], "has_more": False, "url": "/v1/subscriptions"}
    )
    assert list(api.subscriptions("cus_1")) == [entry]


def test_decimal_amounts_are_text(api, httpserver):
    price = {"id": "price_1", "object": "price", "livemode": False, "unit_amount_decimal": "59900"}
    entry = {
        "id": "sub_1",
        "object": "subscription",
        "livemode": False,
        "items": {"object": "list", "data": [{"id": "si_1", "object": "subscription_item", "price": price}]},
    }
    httpserver.expect_request("/v1/subscriptions").respond_with_json(
        {"object": "list", "data": [entry], "has_more": False, "url": "/v1/subscriptions"}
    )
    (found,) = api.subscriptions("cus_1")
    assert found["items"]["data"][0]["price"]["unit_amount_decimal"] == "59900"


def test_deleting_a_customer_reads_it_first_and_deletes_by_id(api, httpserver):
    httpserver.expect_request("/v1/customers/cus_1", method="GET").respond_with_json(CUSTOMER)
    httpserver.expect_request("/v1/customers/cus_1", method="DELETE").respond_with_json(
        {"id": "cus_1", "object": "customer", "deleted": True}
    )
    api.delete_customer("cus_1")
    assert [request.method for request, _ in httpserver.log] == ["GET", "DELETE"]


def test_a_live_customer_is_never_deleted(api, httpserver):
    httpserver.expect_request("/v1/customers/cus_1", method="GET").respond_with_json(
        {**CUSTOMER, "livemode": True}
    )
    with pytest.raises(GuardRefusedError):
        api.delete_customer("cus_1")
    assert [request.method for request, _ in httpserver.log] == ["GET"]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"id": "cus_1", "object": "customer", "deleted": True}, 200), (_error(code="resource_missing"), 404)],
)
def test_deleting_what_is_gone_is_no_error(api, httpserver, body, status):
    httpserver.expect_request("/v1/customers/cus_1", method="GET").respond_with_json(body, status=status)
    api.delete_customer("cus_1")
    assert len(httpserver.log) == 1


def test_a_rate_limit_is_waited_out(api, httpserver):
    for _ in range(2):
        httpserver.expect_ordered_request("/v1/customers/cus_1").respond_with_json(
            _error(code="rate_limit"), status=429
        )
    httpserver.expect_ordered_request("/v1/customers/cus_1").respond_with_json(CUSTOMER)
    assert api.customer("cus_1")["id"] == "cus_1"


def test_a_rate_limit_that_stays_is_an_error_with_a_remedy(api, httpserver):
    httpserver.expect_request("/v1/customers/cus_1").respond_with_json(_error(code="rate_limit"), status=429)
    with pytest.raises(ServiceAnswerError, match="Stripe: answered 429") as caught:
        api.customer("cus_1")
    assert caught.value.status == 429
    assert "fewer workflows" in caught.value.remedy
    assert len(httpserver.log) == 6


def test_a_refused_key_is_an_error_with_a_remedy_and_without_the_key(api, httpserver):
    httpserver.expect_request("/v1/customers/cus_1").respond_with_json(
        _error(message=f"Invalid API Key provided: {KEY}"), status=401, headers={"request-id": "req_9"}
    )
    with pytest.raises(ServiceAnswerError, match=r"answered 401.*req_9") as caught:
        api.customer("cus_1")
    assert "replace the key" in caught.value.remedy
    assert KEY not in str(caught.value)


def test_stripe_out_of_reach_is_an_error(monkeypatch):
    import stripe

    monkeypatch.setattr(stripe.RequestsClient, "MAX_DELAY", 0)
    monkeypatch.setattr(stripe.RequestsClient, "INITIAL_DELAY", 0)
    client = StripeApi(KEY, "http://127.0.0.1:9", "price_pro", SECRET)
    with pytest.raises(ServiceUnreachableError, match="Stripe: cannot be reached"):
        client.customer("cus_1")
    client.close()


def test_stripes_own_check_accepts_a_signature(api):
    import stripe

    body = '{"id": "evt_1", "object": "event"}'
    header = api.sign(body)
    assert re.fullmatch(r"t=\d+,v1=[0-9a-f]{64}", header)
    assert stripe.WebhookSignature.verify_header(body, header, SECRET, 300)
    assert api.sign(body, timestamp=5).startswith("t=5,")


def test_the_client_is_built_from_its_connection(httpserver):
    settings = ConnectionSettings(
        conn_id="stripe_default",
        host=httpserver.url_for("/"),
        password=KEY,
        extra={"webhook_secret": SECRET, "pro_price_id": "price_pro"},
    )
    httpserver.expect_request("/v1/customers/cus_1").respond_with_json(CUSTOMER)
    client = StripeApi.from_settings(settings)
    assert client.customer("cus_1")
    assert client.pro_price_id == "price_pro"
    client.close()


def test_a_connection_without_its_extra_fields_is_an_error():
    settings = ConnectionSettings(conn_id="stripe_default", password=KEY, extra={"webhook_secret": ""})
    with pytest.raises(ConfigurationError, match="no pro_price_id and no webhook_secret"):
        StripeApi.from_settings(settings)


def test_without_an_address_it_is_stripe_itself():
    settings = ConnectionSettings(
        conn_id="stripe_default", password=KEY, extra={"webhook_secret": SECRET, "pro_price_id": "price_pro"}
    )
    client = StripeApi.from_settings(settings)
    assert client._base_url is None
    client.close()


def _form(httpserver):
    request, _ = httpserver.log[-1]
    return request.headers["Idempotency-Key"], parse_qs(request.get_data(as_text=True))


def test_a_customer_is_made_with_its_metadata_and_key(api, httpserver):
    httpserver.expect_request("/v1/customers", method="POST").respond_with_json(CUSTOMER)
    made = api.create_customer(
        name="Ann", email="a@test.example.com", metadata={"validation_run": "r1"}, idempotency_key="key-1"
    )
    assert made["id"] == "cus_1"
    assert _form(httpserver) == (
        "key-1",
        {"name": ["Ann"], "email": ["a@test.example.com"], "metadata[validation_run]": ["r1"]},
    )


def test_a_payment_method_is_attached_and_made_the_default(api, httpserver):
    card = {"id": "pm_1", "object": "payment_method", "livemode": False}
    httpserver.expect_request("/v1/payment_methods/pm_card_visa/attach", method="POST").respond_with_json(
        card
    )
    httpserver.expect_request("/v1/customers/cus_1", method="POST").respond_with_json(CUSTOMER)
    assert api.attach_payment_method("pm_card_visa", "cus_1", idempotency_key="key-1")["id"] == "pm_1"
    assert _form(httpserver) == ("key-1", {"customer": ["cus_1"]})
    assert api.set_default_payment_method("cus_1", "pm_1", idempotency_key="key-2")["id"] == "cus_1"
    assert _form(httpserver) == ("key-2", {"invoice_settings[default_payment_method]": ["pm_1"]})


def test_a_card_that_is_refused_is_an_error(api, httpserver):
    httpserver.expect_request("/v1/payment_methods/pm_card_x/attach").respond_with_json(
        _error("card_error", code="card_declined"), status=402
    )
    with pytest.raises(ServiceAnswerError, match="answered 402") as caught:
        api.attach_payment_method("pm_card_x", "cus_1", idempotency_key="key-1")
    assert caught.value.status == 402


@pytest.mark.parametrize("livemode", [True, None])
def test_nothing_that_was_made_may_be_live(api, httpserver, livemode):
    made = {"object": "customer", "id": "cus_1", "livemode": livemode}
    httpserver.expect_request(re.compile("/v1/.*"), method="POST").respond_with_json(made)
    for make in (
        lambda: api.create_customer(name="A", email="a@b.c", metadata={}, idempotency_key="k"),
        lambda: api.attach_payment_method("pm_card_visa", "cus_1", idempotency_key="k"),
        lambda: api.set_default_payment_method("cus_1", "pm_1", idempotency_key="k"),
    ):
        with pytest.raises(GuardRefusedError, match="says livemode"):
            make()


def test_making_is_tried_again_with_the_same_key_when_the_limit_is_met(api, httpserver):
    httpserver.expect_ordered_request("/v1/customers").respond_with_json(
        _error(code="rate_limit"), status=429
    )
    httpserver.expect_ordered_request("/v1/customers").respond_with_json(CUSTOMER)
    api.create_customer(name="A", email="a@b.c", metadata={}, idempotency_key="key-1")
    assert [request.headers["Idempotency-Key"] for request, _ in httpserver.log] == ["key-1"] * 2


def _page(httpserver, customers, *, more=False, **query):
    httpserver.expect_ordered_request(
        "/v1/customers",
        method="GET",
        query_string={"limit": "100", "created[gte]": "5", "created[lt]": "9"} | query,
    ).respond_with_json({"object": "list", "url": "/v1/customers", "data": customers, "has_more": more})


def _carrying(number, **metadata):
    return {**CUSTOMER, "id": f"cus_{number}", "metadata": metadata}


def test_customers_are_listed_page_by_page_and_filtered_by_metadata(api, httpserver):
    _page(httpserver, [_carrying(1, a="1", b="2"), _carrying(2, a="2")], more=True)
    _page(httpserver, [_carrying(3), _carrying(4, a="1")], more=True, starting_after="cus_2")
    _page(httpserver, [CUSTOMER | {"id": "cus_5", "metadata": None}], starting_after="cus_4")
    found = api.customers({"a": "1"}, created_since=5, created_before=9)
    assert [customer["id"] for customer in found] == ["cus_1", "cus_4"]
    httpserver.check_assertions()
    assert len(httpserver.log) == 3


def test_an_empty_page_ends_the_list_whatever_it_says(api, httpserver):
    _page(httpserver, [], more=True)
    assert list(api.customers({}, created_since=5, created_before=9)) == []


def test_a_live_customer_in_the_list_stops_it_also_when_it_is_not_wanted(api, httpserver):
    _page(httpserver, [{**_carrying(1), "livemode": True}])
    with pytest.raises(GuardRefusedError, match="cus_1"):
        list(api.customers({"a": "1"}, created_since=5, created_before=9))


def test_each_page_waits_out_the_limit(api, httpserver):
    _page(httpserver, [_carrying(1)], more=True)
    httpserver.expect_ordered_request("/v1/customers").respond_with_json(
        _error(code="rate_limit"), status=429
    )
    _page(httpserver, [_carrying(2)], starting_after="cus_1")
    assert len(list(api.customers({}, created_since=5, created_before=9))) == 2


def test_threads_share_one_client(api, httpserver):
    httpserver.expect_request("/v1/customers/cus_1").respond_with_json(CUSTOMER)
    start = Barrier(4)

    def connected(_):
        start.wait()
        api.customer("cus_1")
        return api._client

    with ThreadPoolExecutor(4) as pool:
        clients = set(pool.map(connected, range(4)))
    assert len(clients) == 1
