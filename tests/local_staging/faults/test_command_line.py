"""``--fault``: in a process of its own a fault is on, and said loudly; a wrong name is refused with the right ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from local_staging.service.__main__ import main as service
from local_staging.stack.ports import free_port
from local_staging.stripe_sandbox.__main__ import main as sandbox
from staging_validation.clients.polling import wait_for

PROJECT = Path(__file__).parents[3]
NO_DATABASE = "postgresql://nobody@127.0.0.1:9/nothing"
SETTINGS = {
    "DATABASE_URL": NO_DATABASE,
    "STRIPE_API_KEY": "sk_test_faults",
    "STRIPE_WEBHOOK_SECRET": "whsec_faults",
    "STRIPE_PRO_PRICE_ID": "price_local_pro",
}


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a module and waits until it answers; it returns address and log."""
    started = []

    def begin(module, *arguments, ready):
        port, log = free_port(), tmp_path / "log"
        url = f"http://127.0.0.1:{port}"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments, "--port", str(port)],
                env={**os.environ, **SETTINGS},
                cwd=PROJECT,
                stderr=output,
            )
        started.append(process)

        def answers():
            try:
                return requests.get(f"{url}{ready}", timeout=5).status_code
            except requests.ConnectionError:
                return None

        wait_for(
            "the process to answer", answers, timeout_seconds=60, interval_seconds=0.05, seen=log.read_text
        )
        return url, log

    yield begin
    for process in started:
        process.terminate()
        process.wait(timeout=20)


def test_the_sandbox_runs_with_faults(start):
    url, log = start(
        *("local_staging.stripe_sandbox", "--fault", "charged-in-euros", "--fault", "live-money"),
        ready="/healthz",
    )
    paid = requests.post(
        f"{url}/v1/payment_intents",
        data={"amount": "2900", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"},
        auth=("sk_test_faults", ""),
        timeout=10,
    ).json()
    assert (paid["status"], paid["currency"], paid["livemode"]) == ("succeeded", "eur", True)
    said = log.read_text()
    assert (
        "WARNING local_staging.faults.command_line: BROKEN ON PURPOSE: the fault charged-in-euros is on"
        in said
    )
    assert "does not hold now: Nothing of staging is in Stripe's live mode." in said


@pytest.mark.parametrize(
    ("faults", "answer"),
    [((), (401, "Missing signature")), (("--fault", "signature-not-checked"), (400, "Invalid payload"))],
)
def test_the_service_runs_with_a_fault_and_without(start, faults, answer):
    url, log = start("local_staging.service", "serve", *faults, ready="/api/health")
    refused = requests.post(f"{url}/api/webhooks/stripe", data="no event", timeout=10)
    assert (refused.status_code, refused.json()["error"]) == answer
    assert ("BROKEN ON PURPOSE" in log.read_text()) is bool(faults)


def test_the_service_refuses_an_unknown_fault(monkeypatch, caplog):
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    assert service(["serve", "--port", "1", "--fault", "wrong-prize"]) == 2
    assert "The service has no fault wrong-prize. It has any-invoice-credited, " in caplog.text
    assert "wrong-price" in caplog.text


def test_the_sandbox_refuses_an_unknown_fault(capsys):
    with pytest.raises(SystemExit) as ended:
        sandbox(["--port", "1", "--fault", "charged-thrice"])
    assert ended.value.code == 2
    assert "charged-twice" in capsys.readouterr().err
