"""A message as an e-mail with two parts, plain text and HTML."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

from staging_validation.notifications.html import render_html
from staging_validation.notifications.text import render_text, subject_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from staging_validation.notifications.message import Message


_POLICY = SMTP.clone(max_line_length=200)
"""A subject that is folded in front of its first word begins with a blank in some readers."""


def compose_mail(message: Message, *, sender: str, recipients: Sequence[str], at: datetime) -> EmailMessage:
    """Write the e-mail.

    Args:
        message: What to say.
        sender: Its address.
        recipients: Their addresses.
        at: When it is sent, with time zone.

    Returns:
        The e-mail. Its ``Message-ID`` is the same for the same message, so that a second delivery can be told; it
        says that a program wrote it (RFC 3834), so that nobody's absence is answered.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = subject_line(message)
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Date"] = at
    digest = hashlib.sha256(f"{message.dag_id}\n{message.event_id}".encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2].rstrip('>') or 'staging-validation.invalid'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(render_text(message))
    mail.add_alternative(render_html(message), subtype="html")
    return mail
