"""The command line: a process of its own, ready, working, and gone on a signal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests

from local_staging.stripe_sandbox.__main__ import main
from local_staging.stripe_sandbox.clock import SystemClock
from staging_validation.clients.polling import wait_for


@pytest.fixture
def start():
    """Return a function that starts the sandbox and waits until it is ready; what it started is ended."""
    started = []

    def begin(*arguments, **environment):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "local_staging.stripe_sandbox", "--port", str(port), *arguments],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        url = f"http://127.0.0.1:{port}"

        def ready():
            try:
                return requests.get(f"{url}/healthz", timeout=1).status_code == 200 or None
            except requests.ConnectionError:
                return None

        wait_for("the sandbox", ready, timeout_seconds=30, interval_seconds=0.05)
        return process, url

    yield begin
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_posts_and_ends_on_a_signal(start, connect, receiver, ending):
    process, url = start(
        "--webhook-url",
        receiver.url,
        "--pro-price-id",
        "price_mine",
        "--webhook-attempts",
        "50",
        STRIPE_SANDBOX_WEBHOOK_SECRET="whsec_sandbox",
    )
    api = connect(url).v1
    assert api.prices.retrieve("price_mine").unit_amount == 59_900
    api.customers.create()
    receiver.wait_for_types("customer.created")

    receiver.answers = [500] * 1000
    api.customers.create()  # a delivery under way must not hold the process
    process.send_signal(ending)
    assert process.wait(timeout=20) == 0  # fifty attempts would take minutes


@pytest.mark.parametrize("secret", [None, "", "not-a-secret"])
def test_webhooks_need_a_signing_secret(monkeypatch, capsys, secret):
    monkeypatch.delenv("STRIPE_SANDBOX_WEBHOOK_SECRET", raising=False)
    if secret is not None:
        monkeypatch.setenv("STRIPE_SANDBOX_WEBHOOK_SECRET", secret)
    with pytest.raises(SystemExit) as ended:
        main(["--port", "1", "--webhook-url", "http://127.0.0.1:1/"])

    assert ended.value.code == 2
    assert "STRIPE_SANDBOX_WEBHOOK_SECRET must hold" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--pro-price-id", "pro", "'pro' is no price id"),
        ("--webhook-url", "localhost:1", "'localhost:1' is no address"),
        ("--webhook-attempts", "0", "'0' is not 1 or more"),
        ("--webhook-attempts", "many", "'many' is not 1 or more"),
        ("--rate-limit", "0", "'0' is not 1 or more"),
        ("--dunning-days", "3,,5", "'3,,5' is no list of days"),
        ("--dunning-days", "0", "'0' is no list of days"),
        ("--dunning-end", "forget", "invalid choice: 'forget'"),
    ],
)
def test_wrong_options_are_refused(capsys, option, value, message):
    with pytest.raises(SystemExit) as ended:
        main(["--port", "1", option, value])

    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_without_a_webhook_address_nothing_is_posted(start, connect):
    _, url = start()
    api = connect(url).v1
    api.customers.create()

    assert api.events.list().data[0].pending_webhooks == 0
    assert api.prices.retrieve("price_local_pro").active


def test_the_settings_of_billing_are_options(start, connect, make_time):
    _, url = start("--dunning-days", "1", "--dunning-end", "unpaid", "--rate-limit", "1000")
    timed = make_time(connect(url).v1)
    customer = timed.customer()
    subscription = timed.subscribe(customer)
    timed.use(customer, "pm_card_chargeCustomerFail")
    timed.advance(subscription["items"].data[0].current_period_end + 2 * 86_400)

    assert timed.api.subscriptions.retrieve(subscription.id).status == "unpaid"


def test_the_machines_clock_counts_unix_seconds():
    assert abs(SystemClock().now() - time.time()) < 5
