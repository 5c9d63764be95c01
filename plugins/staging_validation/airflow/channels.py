"""The channels to people and programs: e-mail, Slack and a webhook, each through its provider's hook.

A channel is there when its connection is; none is required. What a channel says of an error never holds a secret of its
connection: a webhook's address is one.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow.sdk import BaseHook, Variable
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

from staging_validation.errors import ConfigurationError, ServiceAnswerError, ServiceUnreachableError
from staging_validation.results.redaction import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from airflow.sdk import Connection

    from staging_validation.clients.notification_delivery import Channel
    from staging_validation.notifications.message import Message

SMTP_CONNECTION = "smtp_default"
SLACK_CONNECTION = "slack_default"
WEBHOOK_CONNECTION = "validation_webhook"

EMAIL_TO_VARIABLE = "staging_validation_email_to"
"""Airflow variable with the addresses that e-mails go to, separated by commas."""

_SHORTEST_SECRET = 4


def existing_channels() -> list[Channel]:
    """Return the channels whose connection exists, in a stable order.

    A connection that cannot be read counts as one that does not exist; Airflow logs it and does not tell the two apart.
    """
    made: tuple[tuple[str, Callable[[Connection], Channel]], ...] = (
        (SMTP_CONNECTION, EmailChannel.of),
        (SLACK_CONNECTION, SlackChannel),
        (WEBHOOK_CONNECTION, WebhookChannel),
    )
    found = ((_connection(conn_id), make) for conn_id, make in made)
    return [make(connection) for connection, make in found if connection is not None]


def _connection(conn_id: str) -> Connection | None:
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None


@dataclass
class EmailChannel:
    """E-mail over the connection ``smtp_default``.

    Args:
        connection: The connection.
        recipients: Where e-mails go.
    """

    connection: Connection
    recipients: tuple[str, ...]
    name: str = field(default="email", init=False)

    @classmethod
    def of(cls, connection: Connection) -> EmailChannel:
        """Make the channel with the recipients that the variable names."""
        named = str(Variable.get(EMAIL_TO_VARIABLE, default="") or "")
        return cls(connection, tuple(part for part in re.split(r"[,;\s]+", named) if part))

    @property
    def target(self) -> str:
        """Who gets the mails."""
        return f"e-mail ({', '.join(self.recipients) or 'nobody'})"

    def send(self, message: Message, *, timeout_seconds: float) -> str | None:
        """Send the mail; see :class:`~staging_validation.clients.notification_delivery.Channel`."""
        from staging_validation.airflow.hooks.mail import MailHook
        from staging_validation.notifications.mail import compose_mail

        sender = self._sender()
        with _translated("E-mail", self.connection):
            mail = compose_mail(
                message, sender=sender, recipients=self.recipients, at=datetime.now(timezone.utc)
            )
            hook = MailHook(SMTP_CONNECTION, timeout_seconds=timeout_seconds)
            refused = hook.post(mail, recipients=self.recipients)
        return f"delivered, but not to {_reasons(refused)}" if refused else None

    def _sender(self) -> str:
        if not self.recipients:
            raise ConfigurationError(
                f"E-mail: the connection {SMTP_CONNECTION} exists, but the variable {EMAIL_TO_VARIABLE} names nobody.",
                remedy=f"set the Airflow variable {EMAIL_TO_VARIABLE} to addresses, separated by commas",
            )
        login = self.connection.login or ""
        sender = self.connection.extra_dejson.get("from_email") or (login if "@" in login else None)
        if not sender:
            raise ConfigurationError(
                f"E-mail: the connection {SMTP_CONNECTION} names no sender.",
                remedy=f"set from_email in the extra field of {SMTP_CONNECTION}",
            )
        return str(sender)


@dataclass
class SlackChannel:
    """Slack over the incoming webhook of the connection ``slack_default``.

    Args:
        connection: The connection.
    """

    connection: Connection
    name: str = field(default="slack", init=False)
    target: str = field(default="Slack", init=False)

    def send(self, message: Message, *, timeout_seconds: float) -> str | None:
        """Send the blocks; see :class:`~staging_validation.clients.notification_delivery.Channel`."""
        from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook

        from staging_validation.notifications.slack import render_slack

        with _translated("Slack", self.connection):
            hook = SlackWebhookHook(
                slack_webhook_conn_id=SLACK_CONNECTION,
                timeout=max(1, int(timeout_seconds)),
                retry_handlers=[],
            )
            # Not the hook's send(): it turns every answer into one exception, and 429 is worth another try.
            answer = hook.client.send_dict(render_slack(message))
        if answer.status_code != 200:
            reason = _without_secrets(str(answer.body)[:300], self.connection)
            raise ServiceAnswerError(
                "Slack",
                f"the webhook answered {answer.status_code}: {reason}",
                status=answer.status_code,
                remedy=f"make a new incoming webhook in Slack and put its token into {SLACK_CONNECTION}",
            )
        return None


@dataclass
class WebhookChannel:
    """A webhook of anybody's: the message as JSON, over the connection ``validation_webhook``.

    Args:
        connection: The connection.
    """

    connection: Connection
    name: str = field(default="webhook", init=False)

    @property
    def target(self) -> str:
        """The webhook's host: the rest of its address may be a secret."""
        host = self.connection.host or ""
        return f"webhook ({urlsplit(host).hostname if '://' in host else host.partition('/')[0]})"

    def send(self, message: Message, *, timeout_seconds: float) -> str | None:
        """Post the JSON; see :class:`~staging_validation.clients.notification_delivery.Channel`."""
        from airflow.providers.http.hooks.http import HttpHook

        from staging_validation.clients.http import HttpService
        from staging_validation.clients.notification_webhook import post_message

        with _translated("Webhook", self.connection):
            hook = HttpHook(http_conn_id=WEBHOOK_CONNECTION)
            session = hook.get_conn()
            session.max_redirects = 0  # a POST that is redirected becomes a GET, which delivers nothing
            timeout = min(float(hook.merged_extra.get("timeout") or timeout_seconds), timeout_seconds)
            http = HttpService("Webhook", hook.base_url, session=session, timeout_seconds=timeout, attempts=1)
            post_message(http, message)
        return None


@contextmanager
def _translated(service: str, connection: Connection) -> Iterator[None]:
    """Turn what a provider's hook raises into errors of this package, without the connection's secrets."""
    import smtplib

    try:
        yield
    except (ServiceAnswerError, ServiceUnreachableError) as error:
        raise _rid_of_secrets(error, connection) from None
    except smtplib.SMTPRecipientsRefused as error:
        said = f"the server took the mail for nobody: {_reasons(error.recipients)}"
        raise _smtp_error(service, said, _codes(error.recipients), connection) from None
    except smtplib.SMTPResponseException as error:
        said = f"the server answered {error.smtp_code} {_text(error.smtp_error)}"
        raise _smtp_error(service, said, [error.smtp_code], connection) from None
    except OSError as error:  # smtplib's other errors and every error of a socket
        raise _unreachable(service, error, connection) from None
    except (AirflowException, ValueError, RuntimeError) as error:  # what the hooks say of a wrong connection
        if isinstance(error.__context__, smtplib.SMTPServerDisconnected):
            raise _unreachable(service, error.__context__, connection) from None
        raise ConfigurationError(
            f"{service}: the connection {connection.conn_id} cannot be used: "
            f"{_without_secrets(str(error), connection)}",
            remedy=f"correct the connection {connection.conn_id}",
        ) from None


def _unreachable(service: str, error: OSError, connection: Connection) -> ServiceUnreachableError:
    said = _without_secrets(f"it cannot be reached ({type(error).__name__}: {error}).", connection)
    return ServiceUnreachableError(
        service, said, remedy=f"check the host and port of the connection {connection.conn_id}"
    )


def _smtp_error(
    service: str, said: str, codes: list[int], connection: Connection
) -> ServiceAnswerError | ServiceUnreachableError:
    """Tell a passing fault (4yz, RFC 5321 section 4.2.1) from a lasting one."""
    said = _without_secrets(said, connection)
    if any(400 <= code < 500 for code in codes):
        return ServiceUnreachableError(service, f"{said}.")
    return ServiceAnswerError(service, f"{said}.", remedy=f"correct {connection.conn_id} or the addresses")


def _rid_of_secrets(
    error: ServiceAnswerError | ServiceUnreachableError, connection: Connection
) -> ServiceAnswerError | ServiceUnreachableError:
    said = _without_secrets(error.message.removeprefix(f"{error.service}: "), connection)
    if isinstance(error, ServiceAnswerError):
        return ServiceAnswerError(error.service, said, status=error.status, remedy=error.remedy)
    return ServiceUnreachableError(error.service, said, remedy=error.remedy)


def _without_secrets(text: str, connection: Connection) -> str:
    """Mask everything of a connection that may be secret: password, path of its address, extra fields."""
    host = connection.host or ""
    address = urlsplit(host if "://" in host else f"//{host}")
    secrets = [connection.password, address.path, address.query, address.username, address.password]
    secrets += [value for value in connection.extra_dejson.values() if isinstance(value, str)]
    for secret in sorted((s.strip("/") for s in secrets if s), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return text


def _reasons(refused: Mapping[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{address} ({code} {_text(said)})" for address, (code, said) in refused.items())


def _codes(refused: Mapping[str, tuple[int, bytes]]) -> list[int]:
    return [code for code, _ in refused.values()]


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
