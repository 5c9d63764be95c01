"""Real receivers on loopback: an SMTP server, and an HTTP server that takes what webhooks and Slack are sent."""

from __future__ import annotations

import email
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from local_staging.stack.ports import LOOPBACK, free_port


@dataclass
class MailServer:
    """An SMTP server that keeps what it takes.

    Attributes:
        mails: What it has taken.
        envelopes: To whom, mail by mail.
        refused: Addresses that it refuses.
        answers: What it says to the next mails instead of taking them, one each.
    """

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[list[str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802 - aiosmtpd's
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd's
        if self.answers:
            return self.answers.pop(0)
        message = email.message_from_bytes(envelope.original_content, policy=default)
        self.mails.append(message)
        self.envelopes.append(list(envelope.rcpt_tos))
        return "250 OK"

    def connection(self, **changed: Any) -> str:
        """Return an Airflow connection to it."""
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "nightly@test.example.com"}
        return json.dumps(
            {"conn_type": "smtp", "host": LOOPBACK, "port": self.port, "extra": extra} | changed
        )


@contextmanager
def mail_server(*, password: str | None = None) -> Iterator[MailServer]:
    """Run an SMTP server on a free port; with a password it asks for one."""
    kept = MailServer(port=free_port())

    def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
        return AuthResult(success=data.password == (password or "").encode(), handled=False)

    options = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a password without TLS, which only loopback forgives
        controller = Controller(kept, hostname=LOOPBACK, port=kept.port, **(options if password else {}))
        controller.start()
        try:
            yield kept
        finally:
            controller.stop()


@dataclass
class HttpReceiver:
    """An HTTP server that keeps what is posted.

    Attributes:
        posts: The JSON bodies that it has taken.
        requests: Path and headers of every request, also of those that it did not take.
        statuses: What it answers to the next requests instead of 200, one each.
        body: The body of its answers.
    """

    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    body: bytes = b"ok"


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    """Run an HTTP server on a free port."""
    kept = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.requests.append((self.path, dict(self.headers)))
            status = kept.statuses.pop(0) if kept.statuses else 200
            if status == 200:
                kept.posts.append(json.loads(body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(kept.body)))
            self.end_headers()
            self.wfile.write(kept.body)

        def log_message(self, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    kept.url = f"http://{LOOPBACK}:{server.server_port}"
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
