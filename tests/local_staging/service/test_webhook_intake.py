from __future__ import annotations

import json
import time

import pytest

from local_staging.service.webhooks.signature import SignatureError, verify

BODY = b'{"id":"evt_1"}'
EVENT = json.dumps({"id": "evt_1", "type": "invoice.payment_failed", "data": {"object": {}}})
NOW = 1_790_000_000


def refused(header, *, body=BODY, secrets=("whsec_one",), now=NOW):
    with pytest.raises(SignatureError) as caught:
        verify(body, header, secrets, now)
    return caught.value.status, caught.value.message


class TestSignature:
    @pytest.mark.parametrize("drift", [-300, 0, 300])
    def test_fits_within_the_tolerance(self, sign, drift):
        verify(BODY, sign(BODY, at=NOW + drift), ["whsec_one"], NOW)

    @pytest.mark.parametrize("drift", [-301, 301])
    def test_expires_in_both_directions(self, sign, drift):
        assert refused(sign(BODY, at=NOW + drift)) == (400, "Signature expired")

    @pytest.mark.parametrize("header", [None, ""])
    def test_is_missing(self, header):
        assert refused(header) == (401, "Missing signature")

    def test_may_be_one_of_several(self, sign):
        header = sign(BODY, at=NOW)
        rotated = header.replace("v1=", f"v1={'0' * 64},v0=ignored,v1=")
        verify(BODY, rotated, ["whsec_one"], NOW)

    def test_may_be_of_any_secret(self, sign):
        verify(BODY, sign(BODY, secret="whsec_old", at=NOW), ["whsec_one", "whsec_old"], NOW)

    def test_of_another_secret_is_wrong_even_when_it_is_old(self, sign):
        assert refused(sign(BODY, secret="whsec_other", at=NOW - 999)) == (401, "Invalid signature")

    def test_of_another_body_is_wrong(self, sign):
        assert refused(sign(BODY, at=NOW), body=BODY + b" ") == (401, "Invalid signature")

    @pytest.mark.parametrize(
        "header", ["nonsense", "t=,v1=", f"t={NOW}", "v1=00", "t=٣,v1=0", "t=1,t=2,v1=0"]
    )
    def test_that_cannot_be_read_is_wrong(self, header):
        assert refused(header) == (401, "Invalid signature")

    def test_in_an_unchecked_scheme_is_wrong(self, sign):
        assert refused(sign(BODY, at=NOW).replace("v1=", "v0=")) == (401, "Invalid signature")


class TestIntake:
    def test_accepted_event_is_queued_not_processed(self, driver, sign):
        answer = driver.deliver(EVENT, sign(EVENT))

        assert (answer.status_code, answer.json()) == (200, {"status": "success"})
        assert driver.sql("SELECT body FROM webhook_queue") == [{"body": EVENT}]
        assert driver.sql("SELECT 1 FROM billing_events") == []
        labels = {"event_type": "invoice.payment_failed", "status": "success"}
        assert driver.metric("stripe_webhook_received_total", **labels) == 1
        assert driver.metric("stripe_webhook_received_duration_milliseconds_count", **labels) == 1

    @pytest.mark.parametrize(
        ("header", "status", "message", "reason"),
        [
            (lambda sign: None, 401, "Missing signature", "missing_signature"),
            (lambda sign: sign(EVENT, secret="whsec_x"), 401, "Invalid signature", "invalid_signature"),
            (lambda sign: sign(EVENT, at=time.time() - 400), 400, "Signature expired", "signature_expired"),
            (lambda sign: sign(EVENT, at=time.time() + 400), 400, "Signature expired", "signature_expired"),
        ],
    )
    def test_wrong_signature_changes_nothing_and_is_counted(
        self, driver, sign, header, status, message, reason
    ):
        answer = driver.deliver(EVENT, header(sign))

        assert (answer.status_code, answer.json()) == (status, {"error": message})
        assert driver.sql("SELECT 1 FROM webhook_queue") == []
        labels = {"event_type": "invoice.payment_failed", "failure_reason": reason}
        assert driver.metric("stripe_webhook_failed_total", **labels) == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"\xff",
            b"[]",
            b"[" * 100_000,
            b'{"id": "evt_1", "type": "a.b", "data": {"object": {"name": "\\ud800"}}}',
            b'{"id": "evt_1"}',
            b'{"id": "evt\\u0000", "type": "a.b", "data": {"object": {}}}',
            b'{"id": "evt_1", "type": "a.b", "data": {"object": []}}',
        ],
    )
    def test_signed_body_that_is_no_event_is_400(self, driver, sign, body):
        answer = driver.deliver(body, sign(body))

        assert answer.status_code == 400
        assert driver.sql("SELECT 1 FROM webhook_queue") == []
        labels = {"event_type": "unknown", "failure_reason": "unknown"}
        assert driver.metric("stripe_webhook_failed_total", **labels) == 1

    def test_strangers_make_no_new_series(self, driver):
        for number in range(3):
            driver.deliver(json.dumps({"type": f"invented.{number}"}), None)

        labels = {"event_type": "unknown", "failure_reason": "missing_signature"}
        assert driver.metric("stripe_webhook_failed_total", **labels) == 3

    def test_event_that_cannot_be_queued_is_503_so_that_stripe_sends_it_again(
        self, driver, sign, broken_database
    ):
        assert driver.deliver(EVENT, sign(EVENT)).status_code == 503
