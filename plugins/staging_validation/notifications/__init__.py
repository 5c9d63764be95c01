"""What people and programs are told of a run: one message when it is not green, one when it is green again."""

from staging_validation.notifications.composing import late_message, not_green_message, recovered_message
from staging_validation.notifications.memory import Memory, Waiting
from staging_validation.notifications.message import Event, Links, Message, RunName

__all__ = [
    "Event",
    "Links",
    "Memory",
    "Message",
    "RunName",
    "Waiting",
    "late_message",
    "not_green_message",
    "recovered_message",
]
