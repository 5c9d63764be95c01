"""The SMTP provider's hook, for a mail of our own with two parts, sent once."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING, cast

from airflow.providers.smtp.hooks.smtp import SmtpHook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from email.message import EmailMessage


class MailHook(SmtpHook):
    """Connects and signs in as the provider's hook does, and sends a message that is ready.

    The provider's own ``send_email_smtp`` writes HTML only, does not tell which of several addresses were refused, and
    tries six times without a pause; tries are counted elsewhere, for all channels alike.

    Args:
        smtp_conn_id: The Airflow connection.
        timeout_seconds: The longest wait for an answer; a shorter ``timeout`` in the connection counts.
    """

    def __init__(self, smtp_conn_id: str, *, timeout_seconds: float) -> None:
        super().__init__(smtp_conn_id=smtp_conn_id)
        self._longest = timeout_seconds

    @property
    def timeout(self) -> int:
        """The timeout in seconds, at least one."""
        return max(1, int(min(super().timeout, self._longest)))

    @property
    def smtp_retry_limit(self) -> int:
        """How often a connection is tried again here: never."""
        return 0

    def post(self, mail: EmailMessage, *, recipients: Sequence[str]) -> Mapping[str, tuple[int, bytes]]:
        """Send a mail.

        Args:
            mail: The mail, complete with its headers.
            recipients: Where it goes.

        Returns:
            The addresses that the server refused, with its reasons; empty when it took all of them.

        Raises:
            smtplib.SMTPException: The server took it for nobody.
            OSError: The server cannot be reached.
            AirflowException: The connection is wrong.
        """
        try:
            self.get_conn()
            client = cast("smtplib.SMTP", self._smtp_client)
            return client.send_message(mail, to_addrs=list(recipients))
        finally:
            # Not the provider's own context manager: it leaves the connection open when signing in fails.
            if self._smtp_client is not None:
                cast("smtplib.SMTP", self._smtp_client).close()
