"""The doctor's look at the channels of messages: no message is sent."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.doctor_findings import Findings, how_to_set
from staging_validation.clients.doctor_http import LONGEST_SECONDS, bounded
from staging_validation.clients.http import HttpService
from staging_validation.errors import ServiceUnreachableError

EMAIL_TO_VARIABLE = "staging_validation_email_to"
"""Airflow variable with the addresses that e-mails go to, separated by commas."""

SLACK_ADDRESS = "https://hooks.slack.com"


def look_at_smtp(found: Findings, connections: Mapping[str, ConnectionSettings]) -> None:
    """Check that the mail server takes our login, with the encryption that Airflow's SMTP provider uses.

    The provider reads ``disable_ssl`` and ``disable_tls`` of the extra field: TLS from the first byte unless SSL is
    disabled, then STARTTLS unless that is disabled too (apache-airflow-providers-smtp, connection).
    """
    settings = connections[found.conn_id]
    implicit = not _true(settings.extra.get("disable_ssl"))
    starttls = not implicit and not _true(settings.extra.get("disable_tls"))
    port = settings.port or (465 if implicit else 25)
    address = f"{settings.host}:{port}"
    remedy = (
        "TLS from the first byte is expected (port 465); for STARTTLS (587) set extra.disable_ssl, for neither set "
        "extra.disable_tls as well; " + how_to_set(found.conn_id, "extra.disable_ssl")
    )
    try:
        kind = smtplib.SMTP_SSL if implicit else smtplib.SMTP
        with kind(settings.host or "", port, timeout=LONGEST_SECONDS) as client:
            if starttls:
                client.starttls(context=_context(settings))
            found.passed("reachable", address)
            _log_in(found, client, settings)
    except smtplib.SMTPNotSupportedError as error:
        found.failed("tls", f"{address}: {error}", remedy=remedy)
    except ssl.SSLError as error:
        found.failed("tls", f"{address}: {error.reason or error}", remedy=remedy)
    except (OSError, smtplib.SMTPException) as error:
        cause = ServiceUnreachableError(
            "SMTP server", f"{address} cannot be used ({type(error).__name__}: {error})."
        )
        found.error("reachable", cause, remedy=how_to_set(found.conn_id, "host"))


def check_addresses(found: Findings, settings: ConnectionSettings, variables: Mapping[str, str]) -> None:
    """Check that e-mails have a sender and somebody they go to."""
    if not settings.extra.get("from_email") and "@" not in (settings.login or ""):
        found.failed(
            "sender",
            "names no sender: neither extra.from_email nor a login that is an address",
            remedy=how_to_set(found.conn_id, "extra.from_email"),
        )
    if not variables.get(EMAIL_TO_VARIABLE, "").strip():
        found.failed(
            "recipients",
            f"the Airflow variable {EMAIL_TO_VARIABLE} names nobody",
            remedy=f"set it to addresses, separated by commas: AIRFLOW_VAR_{EMAIL_TO_VARIABLE.upper()}='…', or in "
            "Airflow under Admin, Variables",
        )


def look_at_slack(found: Findings, connections: Mapping[str, ConnectionSettings]) -> None:
    """Check that Slack answers; whether the webhook's token is right is only known by sending, which is not done.

    The password is the token, or the webhook's whole address (apache-airflow-providers-slack, webhook connection).
    """
    settings = connections[found.conn_id]
    whole = settings.secret if "://" in (settings.secret or "") else None
    host = whole or settings.host or SLACK_ADDRESS
    _answers(found, "Slack", settings.model_copy(update={"host": host}))


def look_at_webhook(found: Findings, connections: Mapping[str, ConnectionSettings]) -> None:
    """Check that the receiver of messages answers."""
    _answers(found, "The webhook's receiver", connections[found.conn_id])


def _answers(found: Findings, name: str, settings: ConnectionSettings) -> None:
    """Ask the address without its path: the path is where messages go, and may be a secret."""
    known = bounded(settings)
    parts = urlsplit(known.base_url)
    place = parts.netloc.rpartition("@")[2]
    session = HttpService.from_settings(name, known).session
    service = HttpService(
        name,
        f"{parts.scheme}://{place}",
        session=session,
        timeout_seconds=LONGEST_SECONDS,
        attempts=1,
        read_only=True,
    )
    try:
        service.request("GET", "/")
    except ServiceUnreachableError as error:
        found.error("reachable", error, remedy=how_to_set(found.conn_id, "host"))
        return
    found.passed("reachable", service.base_url)
    if parts.scheme == "http" and settings.secret:
        found.failed(
            "tls",
            f"{service.base_url} would get a secret unencrypted",
            warning=True,
            remedy=f"set schema of the connection {found.conn_id} to https",
        )
    found.skipped("authorised", "only a message would show it, and none is sent")


def _log_in(found: Findings, client: smtplib.SMTP, settings: ConnectionSettings) -> None:
    if not (settings.login and settings.secret):
        found.skipped("authorised", "no login and password: the server must take messages without")
        return
    try:
        client.login(settings.login, settings.secret)
    except smtplib.SMTPAuthenticationError as error:
        found.failed(
            "authorised",
            f"the server does not take this login ({error.smtp_code})",
            remedy=how_to_set(found.conn_id, "password"),
        )
        return
    found.passed("authorised", f"takes the login {settings.login}")


def _context(settings: ConnectionSettings) -> ssl.SSLContext | None:
    return None if settings.extra.get("ssl_context") == "none" else ssl.create_default_context()


def _true(value: object) -> bool:
    return str(value).casefold() in ("true", "1", "yes")
