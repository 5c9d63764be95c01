"""The channels, through their providers' hooks, to real receivers; what fails, and what an error never says."""

from __future__ import annotations

import json
import os
from threading import Thread

import pytest
from jsonschema import Draft202012Validator

from staging_validation.airflow.channels import existing_channels
from staging_validation.errors import ConfigurationError, ServiceAnswerError, ServiceUnreachableError
from staging_validation.notifications import Event, Message
from staging_validation.notifications.message import message_schema
from tests.notifications.receivers import http_receiver, mail_server

MESSAGE = Message(
    event=Event.LATE,
    event_id="r:late",
    dag_id="staging_nightly",
    airflow_run_id="manual__1",
    run_id="r",
    note="Late.",
)
TOKEN = "T0000/B0000/" + "x" * 24


@pytest.fixture
def mail():
    with mail_server() as server:
        yield server


@pytest.fixture
def http():
    with http_receiver() as server:
        yield server


@pytest.fixture
def connect(monkeypatch):
    """Make connections, and return the one channel that is there."""

    def make(conn_id, connection, to="a@test.example.com, b@test.example.com"):
        value = connection if isinstance(connection, str) else json.dumps(connection)
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", value)
        monkeypatch.setenv("AIRFLOW_VAR_STAGING_VALIDATION_EMAIL_TO", to)
        (channel,) = existing_channels()
        return channel

    return make


def send(channel):
    return channel.send(MESSAGE, timeout_seconds=5.0)


def test_no_channel_is_required():
    assert existing_channels() == []


def test_a_mail(mail, connect):
    channel = connect("smtp_default", mail.connection())
    assert channel.target == "e-mail (a@test.example.com, b@test.example.com)"
    assert send(channel) is None
    (sent,) = mail.mails
    assert (sent["From"], sent["Subject"]) == (
        "nightly@test.example.com",
        "[staging validation] staging_nightly is late (r)",
    )
    assert mail.envelopes == [["a@test.example.com", "b@test.example.com"]]
    assert "Late." in sent.get_body(("plain",)).get_content()
    assert "Late." in sent.get_body(("html",)).get_content()


def test_a_mail_with_a_password(connect):
    with mail_server(password="right-pass") as mail:
        told = json.loads(mail.connection(login="night", password="right-pass"))
        assert send(connect("smtp_default", told)) is None
        with pytest.raises(ServiceAnswerError) as caught:
            send(connect("smtp_default", told | {"password": "wrong-pass"}))
    assert "535" in caught.value.message
    assert "wrong-pass" not in str(caught.value)


def test_one_refused_address_is_named_and_the_others_get_the_mail(mail, connect):
    mail.refused.add("b@test.example.com")
    remark = send(connect("smtp_default", mail.connection()))
    assert remark == "delivered, but not to b@test.example.com (550 5.1.1 no such user)"
    assert mail.envelopes == [["a@test.example.com"]]


def test_all_addresses_refused(mail, connect):
    mail.refused.update({"a@test.example.com", "b@test.example.com"})
    with pytest.raises(ServiceAnswerError, match=r"for nobody: a@test\.example\.com"):
        send(connect("smtp_default", mail.connection()))


@pytest.mark.parametrize(
    ("said", "kind"), [("451 try again later", ServiceUnreachableError), ("554 spam", ServiceAnswerError)]
)
def test_a_passing_answer_is_told_from_a_lasting_one(mail, connect, said, kind):
    mail.answers.append(said)
    with pytest.raises(kind, match=said):
        send(connect("smtp_default", mail.connection()))


@pytest.mark.parametrize(
    ("changed", "to", "said"),
    [
        ({}, "", "staging_validation_email_to names nobody"),
        ({"extra": {"disable_ssl": True, "disable_tls": True}}, "a@b.org", "names no sender"),
        ({"extra": {"ssl_context": "wrong", "from_email": "a@b.org"}}, "a@b.org", "cannot be used"),
    ],
)
def test_a_wrong_mail_connection_is_told_with_a_remedy(mail, connect, changed, to, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        send(connect("smtp_default", mail.connection(**changed), to))
    assert caught.value.remedy


def test_the_sender_may_be_the_login(connect):
    with mail_server(password="right-pass") as mail:
        extra = {"disable_ssl": True, "disable_tls": True}
        send(connect("smtp_default", mail.connection(login="me@b.org", password="right-pass", extra=extra)))
        assert mail.mails[0]["From"] == "me@b.org"


def test_slack(http, connect):
    slack = connect("slack_default", {"conn_type": "slackwebhook", "host": http.url, "password": TOKEN})
    assert (slack.target, send(slack)) == ("Slack", None)
    (body,) = http.posts
    assert body["blocks"][0]["text"]["text"] == "staging_nightly is late"
    assert http.requests[0][0] == f"/{TOKEN}"


def test_slack_that_refuses(http, connect):
    http.statuses, http.body = [404, 429], f"no_service for {TOKEN}".encode()
    slack = connect("slack_default", {"conn_type": "slackwebhook", "host": http.url, "password": TOKEN})
    for status in (404, 429):
        with pytest.raises(ServiceAnswerError, match="no_service") as caught:
            send(slack)
        assert caught.value.status == status
        assert TOKEN not in str(caught.value)
    assert len(http.requests) == 2, "the provider's hook makes no tries of its own"


def test_slack_without_a_token(connect):
    with pytest.raises(ConfigurationError, match="slack_default"):
        send(connect("slack_default", {"conn_type": "slackwebhook", "host": "http://127.0.0.1:9"}))


def test_a_webhook_gets_the_documented_json(http, connect):
    connection = {
        "conn_type": "http",
        "host": f"{http.url}/hooks/s3cr3t-path",
        "login": "night",
        "password": "pass-word",
        "extra": {"X-Team": "billing", "timeout": 3},
    }
    webhook = connect("validation_webhook", connection)
    assert (webhook.target, send(webhook)) == ("webhook (127.0.0.1)", None)
    (body,) = http.posts
    Draft202012Validator(json.loads(message_schema())).validate(body)
    ((path, headers),) = http.requests
    assert path == "/hooks/s3cr3t-path"
    assert (headers["X-Team"], headers["Idempotency-Key"]) == ("billing", "r:late")
    assert headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_webhook_that_refuses_names_no_secret(http, connect, status):
    http.statuses, http.body = [status], b"no: s3cr3t-path, hdr-s3cr3t"
    connection = {"conn_type": "http", "host": f"{http.url}/s3cr3t-path", "extra": {"X-Key": "hdr-s3cr3t"}}
    with pytest.raises(ServiceAnswerError) as caught:
        send(connect("validation_webhook", connection))
    assert caught.value.status == status
    assert "s3cr3t" not in str(caught.value)


def test_a_webhook_that_redirects_has_not_taken_the_message(http, connect):
    http.statuses = [302]
    with pytest.raises(ServiceUnreachableError, match="redirects"):
        send(connect("validation_webhook", {"conn_type": "http", "host": http.url}))
    assert http.posts == []


@pytest.mark.parametrize(
    ("conn_id", "connection"),
    [
        ("smtp_default", {"conn_type": "smtp", "extra": {"disable_ssl": True, "from_email": "a@b.org"}}),
        ("slack_default", {"conn_type": "slackwebhook", "password": TOKEN}),
        ("validation_webhook", {"conn_type": "http", "password": "pass-word"}),
    ],
)
def test_nobody_there(conn_id, connection, connect, dead_port):
    host = "127.0.0.1" if conn_id == "smtp_default" else f"http://127.0.0.1:{dead_port}"
    port = {"port": dead_port} if conn_id == "smtp_default" else {}
    with pytest.raises(ServiceUnreachableError) as caught:
        send(connect(conn_id, connection | {"host": host} | port))
    assert caught.value.remedy
    assert TOKEN not in str(caught.value)
    assert "pass-word" not in str(caught.value)


@pytest.fixture
def dead_port():
    """A port on loopback that is bound but never listens: connections to it are refused."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_mail_server_that_hangs_up_may_be_there_at_the_next_try(connect):
    import socketserver

    class HangUp(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.close()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HangUp) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        extra = {"disable_ssl": True, "from_email": "a@b.org"}
        connection = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": server.server_address[1],
            "extra": extra,
        }
        try:
            with pytest.raises(ServiceUnreachableError, match="cannot be reached"):
                send(connect("smtp_default", connection))
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("conn_id", ["smtp_default", "slack_default", "validation_webhook"])
def test_a_connection_that_cannot_be_read_stands_in_nobodys_way(conn_id, monkeypatch):
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", '{"conn_type": ')
    assert existing_channels() == []


def test_the_environment_of_these_tests_has_no_channel():
    assert not [name for name in os.environ if name.startswith("AIRFLOW_CONN_")]
