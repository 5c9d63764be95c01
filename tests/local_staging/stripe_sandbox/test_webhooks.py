"""Webhooks, received by a real endpoint that checks the signature with the library."""

from __future__ import annotations

import asyncio
import json
import logging
import socket

import pytest
import stripe
from aiohttp import web

from local_staging.stripe_sandbox.webhooks import Delivery, Endpoint, Retries, WebhookSender
from staging_validation.clients.polling import wait_for

SECRET = "whsec_sandbox"
FAST = Retries(attempts=3, first_seconds=0.01, longest_seconds=0.02, answer_seconds=5)


def test_events_arrive_signed(posting_server, receiver, connect, differences):
    api = connect(posting_server.url).v1
    customer = api.customers.create({"name": "Ada"}, {"idempotency_key": "k"})
    receiver.wait_for_types("customer.created")
    body, signature = receiver.seen[0]
    event = json.loads(body)

    assert differences(event, stripe.Event) == []
    assert event["data"]["object"]["id"] == customer.id
    assert event["request"] == {"id": customer.last_response.request_id, "idempotency_key": "k"}
    assert event["api_version"] == stripe.api_version
    assert signature.startswith("t=")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"Ada", b"Bob"), signature, SECRET)


def test_a_subscription_tells_its_whole_story(posting_server, receiver, connect):
    api = connect(posting_server.url).v1
    customer = api.customers.create().id
    method = api.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    api.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})
    subscription = api.subscriptions.create({"customer": customer, "items": [{"price": "price_local_pro"}]})
    api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    api.subscriptions.cancel(subscription.id)
    with pytest.raises(stripe.CardError):
        api.payment_intents.create(
            {
                "amount": 100,
                "currency": "usd",
                "confirm": True,
                "payment_method": "pm_card_visa_chargeDeclined",
            }
        )
    failing = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer}).id
    api.subscriptions.create(
        {"customer": customer, "items": [{"price": "price_local_pro"}], "default_payment_method": failing}
    )

    receiver.wait_for_types(
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice.payment_failed",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "charge.succeeded",
        "charge.failed",
    )
    wait_for(
        "all deliveries",
        lambda: True if all(e.pending_webhooks == 0 for e in api.events.list({"limit": 100}).data) else None,
        timeout_seconds=10,
        interval_seconds=0.01,
    )


def test_what_a_clock_brings_is_posted(posting_server, receiver, connect, make_time):
    timed = make_time(connect(posting_server.url).v1)
    subscription = timed.subscribe(timed.customer())
    renewed = subscription["items"].data[0].current_period_end
    timed.advance(renewed + 3600)

    def arrived():
        paid = [event for event in list(receiver.taken) if event.type == "invoice.payment_succeeded"]
        return sorted(event.created for event in paid) if len(paid) == 2 else None

    paid_at = wait_for("both payments", arrived, timeout_seconds=10, interval_seconds=0.01)
    assert paid_at == [timed.start, renewed + 3600]


def test_an_event_is_posted_until_it_is_taken(posting_server, receiver, connect):
    receiver.answers = [500, 302, 404]
    api = connect(posting_server.url).v1
    api.customers.create()
    receiver.wait_for_types("customer.created")

    assert len(receiver.seen) == 4
    assert len({body for body, _ in receiver.seen}) == 1
    event = wait_for(
        "the delivery to be noted",
        lambda: found if (found := api.events.list().data[0]).pending_webhooks == 0 else None,
        timeout_seconds=10,
        interval_seconds=0.01,
    )
    assert event.type == "customer.created"


def test_an_event_is_given_up_after_its_attempts(posting_server, receiver, connect, caplog):
    receiver.answers = [500] * 100
    api = connect(posting_server.url).v1
    with caplog.at_level(logging.ERROR):
        api.customers.create()
        wait_for(
            "the error",
            lambda: True if "given up after 4 attempts: HTTP status 500" in caplog.text else None,
            timeout_seconds=10,
            interval_seconds=0.01,
        )

    assert len(receiver.seen) == 4
    assert api.events.list().data[0].pending_webhooks == 1
    assert SECRET not in caplog.text


async def test_an_endpoint_that_is_away_is_tried_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    event = {"id": "evt_1", "type": "customer.created", "pending_webhooks": 1}
    arrived = asyncio.Event()

    async def take(_request):
        arrived.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    patient = Retries(attempts=100, first_seconds=0.01, longest_seconds=0.02)
    url = f"http://127.0.0.1:{port}/"
    async with WebhookSender(patient) as sender:
        refused = await sender._post(url, "{}", [SECRET])
        sender.deliver(Delivery(event, url, lambda: [SECRET]))
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.wait_for(arrived.wait(), timeout=10)
    await runner.cleanup()

    assert "no answer" in refused


async def test_what_was_not_delivered_to_a_deleted_endpoint_never_is():
    signing_secrets, posted = [SECRET], []

    async def refuse(_request):
        posted.append("event")
        signing_secrets.clear()  # the endpoint is deleted while it answers
        return web.Response(status=500)

    app = web.Application()
    app.router.add_post("/", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    event = {"id": "evt_1", "type": "customer.created", "pending_webhooks": 1}
    async with WebhookSender(FAST) as sender:
        sender.deliver(Delivery(event, url, lambda: list(signing_secrets)))
        (task,) = sender._running
        await asyncio.wait_for(task, timeout=10)
    await runner.cleanup()

    assert (posted, event["pending_webhooks"]) == (["event"], 1)


async def test_leaving_ends_what_is_under_way():
    stuck = Retries(attempts=10, first_seconds=3600, longest_seconds=3600)
    async with WebhookSender(stuck) as sender:
        sender.deliver(Delivery({"id": "evt_1", "type": "x"}, "http://127.0.0.1:1/", lambda: [SECRET]))
        (task,) = sender._running
    assert task.cancelled()


async def test_a_slow_endpoint_counts_as_absent():
    async def never(_request):
        await asyncio.Event().wait()

    app = web.Application()
    app.router.add_post("/", never)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    hasty = Retries(attempts=1, answer_seconds=0.05)
    async with WebhookSender(hasty) as sender:
        assert await sender._post(f"http://127.0.0.1:{port}/", "{}", [SECRET]) == "no answer (TimeoutError)"
    await runner.cleanup()


async def test_a_sender_is_used_inside_its_context():
    with pytest.raises(RuntimeError, match="outside its context"):
        await WebhookSender(FAST)._post("http://127.0.0.1:1/", "{}", [SECRET])


def test_pauses_grow_to_a_bound():
    retries = Retries(first_seconds=0.5, factor=2, longest_seconds=3)

    assert [retries.pause(failures) for failures in (1, 2, 3, 4, 50)] == [0.5, 1, 2, 3, 3]


def test_the_secret_is_not_shown():
    assert SECRET not in repr(Endpoint("http://127.0.0.1/", SECRET))


def test_without_an_endpoint_nothing_is_pending(api):
    api.customers.create()

    assert api.events.list().data[0].pending_webhooks == 0
