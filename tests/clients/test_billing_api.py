"""The billing API client: paths, bodies, answers of every status, and platforms that lack an operation."""

from __future__ import annotations

import pytest

from staging_validation.clients.billing_api import PATHS, BillingApi
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.http import HttpService
from staging_validation.errors import ConfigurationError, ServiceAnswerError, ServiceUnreachableError


@pytest.fixture
def api(httpserver):
    http = HttpService("billing API", httpserver.url_for("/").rstrip("/"))
    with http.session:
        yield BillingApi(http)


@pytest.mark.parametrize(
    ("call", "method", "path", "sent"),
    [
        (
            lambda api: api.onboard(name="Ada", email="a@test.example.com"),
            "POST",
            "/api/v1/customers/onboard",
            {"name": "Ada", "email": "a@test.example.com"},
        ),
        (
            lambda api: api.onboard(
                name="A", email="a@x", source="gh_marketplace", stripe_test_clock="clock_1"
            ),
            "POST",
            "/api/v1/customers/onboard",
            {"name": "A", "email": "a@x", "source": "gh_marketplace", "stripe_test_clock": "clock_1"},
        ),
        (
            lambda api: api.add_payment_method(7, "pm_card_visa", consent=True),
            "POST",
            "/internal/customers/7/payment-method",
            {"payment_method": "pm_card_visa", "consent": True},
        ),
        (lambda api: api.subscribe(7), "POST", "/internal/customers/7/subscribe", {}),
        (
            lambda api: api.cancel(7, at_period_end=True),
            "POST",
            "/internal/customers/7/cancel",
            {"at_period_end": True},
        ),
        (
            lambda api: api.deploy_fix(7, "fix-1"),
            "POST",
            "/internal/customers/7/fixes",
            {"fix_id": "fix-1"},
        ),
    ],
)
def test_operations_send_what_the_contract_says(api, httpserver, call, method, path, sent):
    httpserver.expect_oneshot_request(path, method=method, json=sent).respond_with_json(
        {"ok": True}, status=201
    )
    answer = call(api)
    assert (answer.request, answer.sent) == (f"{method} {path}", sent)
    assert (answer.status, answer.body) == (201, {"ok": True})
    httpserver.check_assertions()


def test_summary_is_read(api, httpserver):
    httpserver.expect_request("/internal/customers/7/summary").respond_with_json({"credit_balance": 5})
    assert api.summary(7).body == {"credit_balance": 5}


def test_keys_are_sent_as_header_and_only_when_given(api, httpserver):
    httpserver.expect_request("/api/health", headers={"x-api-key": "k"}).respond_with_json({"key": True})
    assert api.health("k").body == {"key": True}
    httpserver.expect_request("/api/v1/fix-attempts", headers={"x-api-key": "k"}).respond_with_json(
        {}, status=409
    )
    assert api.create_fix_attempt("k", {"pr_number": 1}).status == 409
    httpserver.clear()
    httpserver.expect_request("/api/health").respond_with_json({})
    api.health()
    request, _ = httpserver.log[-1]
    assert "x-api-key" not in request.headers


@pytest.mark.parametrize("signature", ["t=1,v1=ab", None])
def test_webhooks_send_the_raw_body_and_the_signature(api, httpserver, signature):
    httpserver.expect_request("/api/webhooks/stripe").respond_with_json({"status": "success"})
    assert api.send_webhook('{"id":  "evt_ä"}', signature).status == 200
    request, _ = httpserver.log[-1]
    assert request.get_data() == '{"id":  "evt_ä"}'.encode()
    assert request.headers.get("Stripe-Signature") == signature


@pytest.mark.parametrize("status", [400, 401, 402, 404, 409, 422, 429, 500])
def test_a_refusal_is_an_answer_and_no_error(api, httpserver, status):
    httpserver.expect_request("/internal/customers/7/subscribe").respond_with_json(
        {"error": {"code": "no_payment_method"}}, status=status
    )
    answer = api.subscribe(7)
    assert (answer.status, answer.fields["error"]) == (status, {"code": "no_payment_method"})


@pytest.mark.parametrize("status", [429, 500])
def test_for_whoever_judges_the_platform_such_an_answer_is_an_error(api, httpserver, status):
    httpserver.expect_request("/internal/customers/7/subscribe").respond_with_data("oops", status=status)
    httpserver.expect_request("/internal/customers/8/subscribe").respond_with_json({}, status=422)
    with pytest.raises(ServiceAnswerError, match=f"billing API: .* answered {status}: oops"):
        api.undisturbed().subscribe(7)
    assert api.undisturbed().subscribe(8).status == 422
    assert api.subscribe(7).status == status, "the other one stays as it is"


def test_a_body_that_is_no_json_is_kept_as_text(api, httpserver):
    httpserver.expect_request("/internal/customers/7/subscribe").respond_with_data(
        "<h1>oops</h1>", status=500
    )
    assert api.subscribe(7).body == "<h1>oops</h1>"


def test_a_gateway_without_its_service_is_an_error(api, httpserver):
    httpserver.expect_request("/internal/customers/7/subscribe").respond_with_data("down", status=503)
    with pytest.raises(ServiceAnswerError, match=r"billing API: POST .*/subscribe answered 503: down"):
        api.subscribe(7)


def test_the_metrics_are_text_and_anything_but_200_is_an_error(api, httpserver):
    httpserver.expect_oneshot_request("/metrics").respond_with_data("a_total 1\n")
    assert api.metrics() == "a_total 1\n"
    httpserver.expect_request("/metrics").respond_with_data("no", status=404)
    with pytest.raises(ServiceAnswerError, match=r"GET .*/metrics answered 404: no"):
        api.metrics()


def test_a_degraded_health_is_an_answer(api, httpserver):
    httpserver.expect_request("/api/health").respond_with_json({"status": "degraded"}, status=503)
    api.http.attempts = 1
    assert api.health().status == 503


def test_a_service_that_is_down_is_an_error():
    http = HttpService("billing API", "http://127.0.0.1:9", attempts=1)
    with http.session, pytest.raises(ServiceUnreachableError, match="billing API"):
        BillingApi(http).subscribe(7)


def test_paths_come_from_the_connection(httpserver):
    settings = ConnectionSettings(
        conn_id="staging_api",
        host="127.0.0.1",
        port=httpserver.port,
        extra={"paths": {"subscribe": "/ops/{id}/pro", "fix": None}},
    )
    httpserver.expect_request("/ops/7/pro").respond_with_json({})
    api = BillingApi.from_settings(settings)
    with api.http.session:
        assert api.subscribe(7).status == 200
    assert not api.offers("fix")
    assert api.offers("subscribe")
    with pytest.raises(ConfigurationError, match="offers no operation 'fix'"):
        api.deploy_fix(7, "fix-1")


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"subscrib": "/x"}, "unknown operation 'subscrib'; did you mean 'subscribe'"),
        ({"zzz": "/x"}, "unknown operation 'zzz'"),
        ({"subscribe": "x"}, "gives 'subscribe' the path 'x'"),
        ({"subscribe": 3}, "gives 'subscribe' the path 3"),
        (["/x"], "paths is no mapping"),
    ],
)
def test_wrong_paths_are_said_before_anything_is_sent(paths, message):
    settings = ConnectionSettings(conn_id="staging_api", host="127.0.0.1", extra={"paths": paths})
    with pytest.raises(ConfigurationError, match=message) as caught:
        BillingApi.from_settings(settings)
    assert caught.value.remedy


def test_without_paths_the_contract_holds():
    api = BillingApi.from_settings(ConnectionSettings(conn_id="staging_api", host="127.0.0.1"))
    assert api.paths == dict(PATHS)


def test_a_need_that_is_no_operation_is_named(api):
    with pytest.raises(
        ConfigurationError, match="'subscribes' is no operation of the billing API; did you mean"
    ):
        api.offers("subscribes")
