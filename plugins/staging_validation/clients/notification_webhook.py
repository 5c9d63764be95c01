"""The generic webhook: the message as JSON, in one POST."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from staging_validation.clients.http import HttpService
    from staging_validation.notifications.message import Message


def post_message(http: HttpService, message: Message) -> None:
    """Post a message to a webhook.

    Args:
        http: The webhook's address, reached without retries of its own.
        message: The message. Its ``event_id`` is sent as ``Idempotency-Key`` too, so that a receiver that gets it
            twice (an answer that was lost) may drop the second.

    Raises:
        ServiceUnreachableError: Nobody answers.
        ServiceAnswerError: The answer is not one of 2xx.
    """
    response = http.request(
        "POST",
        "",
        data=message.model_dump_json().encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": message.event_id},
    )
    if not response.ok:
        raise http.unexpected("POST", "", response)
