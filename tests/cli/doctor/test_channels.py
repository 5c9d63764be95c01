"""The doctor on the channels of messages, to which it sends none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from local_staging.stack.ports import free_port
from tests.cli.doctor.shared import (
    Server,
    outcome,
)


class OneUser:
    """Lets one user in, and keeps no message."""

    messages = 0

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"validator", b"right-word"), handled=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.messages += 1
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[Any]:
    users = OneUser()
    port = free_port()
    controller = Controller(
        users, hostname="127.0.0.1", port=port, authenticator=users, auth_require_tls=False, ready_timeout=20
    )
    controller.start()
    yield SimpleNamespace(port=port, users=users)
    controller.stop()


SENDER = {"from_email": "night@staging"}


@pytest.fixture(autouse=True)
def recipients(monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_EMAIL_TO", "billing@staging")


def test_mails_need_a_sender_and_recipients(staging, doctor, mail, monkeypatch):
    monkeypatch.delenv("AIRFLOW_VAR_STAGING_VALIDATION_EMAIL_TO")
    plain = {"host": "127.0.0.1", "port": mail.port, "extra": {"disable_ssl": True, "disable_tls": True}}
    staging.connect("smtp_default", **plain)
    status, found = doctor("smtp_default")
    assert (status, outcome(found, "smtp_default.sender")) == (1, "failed")
    assert "AIRFLOW_VAR_STAGING_VALIDATION_EMAIL_TO" in found["smtp_default.recipients"]["remedy"]


def test_the_mail_server_takes_the_login_and_no_message(staging, doctor, mail):
    plain = {
        "host": "127.0.0.1",
        "port": mail.port,
        "extra": {**SENDER, "disable_ssl": True, "disable_tls": True},
    }
    staging.connect("smtp_default", **plain, login="validator", password="right-word")
    status, found = doctor("smtp_default")
    assert (status, outcome(found, "smtp_default.authorised")) == (0, "passed")
    staging.connect("smtp_default", **plain, login="validator", password="wrong-word")
    status, found = doctor("smtp_default")
    assert (status, outcome(found, "smtp_default.authorised")) == (1, "failed")
    assert "wrong-word" not in json.dumps(found)
    staging.connect("smtp_default", **plain)
    assert outcome(doctor("smtp_default")[1], "smtp_default.authorised") == "skipped"
    assert mail.users.messages == 0


@pytest.mark.parametrize("extra", [{}, {"disable_ssl": True}])
def test_encryption_that_the_mail_server_does_not_speak(staging, doctor, mail, extra):
    staging.connect("smtp_default", host="127.0.0.1", port=mail.port, extra={**SENDER, **extra})
    status, found = doctor("smtp_default")
    assert (status, outcome(found, "smtp_default.tls")) == (1, "failed")
    assert "disable_tls" in found["smtp_default.tls"]["remedy"]


def test_no_mail_server(staging, doctor, dead_port):
    staging.connect("smtp_default", host="127.0.0.1", port=dead_port, extra=SENDER)
    status, found = doctor("smtp_default")
    assert (status, outcome(found, "smtp_default.reachable")) == (2, "errored")


def test_receivers_of_messages_are_asked_without_their_path(staging, doctor, dead_port):
    receiver = Server()
    try:
        receiver.reset({})
        address = f"http://127.0.0.1:{receiver.port}/services"
        staging.connect("slack_default", host=address, password="T0/B0/secretpart")
        staging.connect("validation_webhook", host=f"{address}/hook")
        status, found = doctor("slack_default", "validation_webhook")
        assert receiver.asked == [("GET", "/"), ("GET", "/")]
    finally:
        receiver.http.stop()
    assert status == 0
    for conn_id in ("slack_default", "validation_webhook"):
        assert outcome(found, f"{conn_id}.reachable") == "passed"
        assert outcome(found, f"{conn_id}.authorised") == "skipped"
    assert outcome(found, "slack_default.tls") == "warning"
    assert "secretpart" not in json.dumps(found)
    staging.connect(
        "slack_default", host=f"http://127.0.0.1:{dead_port}/services", password="T0/B0/secretpart"
    )
    status, found = doctor("slack_default", "validation_webhook")
    assert (status, outcome(found, "slack_default.reachable")) == (2, "errored")
    staging.connect("slack_default", password=f"http://127.0.0.1:{dead_port}/services/T0/B0/secretpart")
    status, found = doctor("slack_default")
    assert str(dead_port) in found["slack_default.reachable"]["actual"]
    assert "secretpart" not in json.dumps(found)
    staging.connect("slack_default", host="https://hooks.slack.com/services")
    assert "has no password" in doctor("slack_default")[1]["slack_default.complete"]["actual"]
