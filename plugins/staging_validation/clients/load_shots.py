"""What a load sends and what comes back, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_SHOWN_BODY = 200


@dataclass(frozen=True)
class Request:
    """What is sent.

    Attributes:
        method: The HTTP method.
        path: The path below the service's address.
        body: The body.
        headers: Headers beside the session's.
    """

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shot:
    """One request and its moment.

    Attributes:
        due: When it is meant to be sent, in seconds from the start.
        key: What is sent, for people.
        request: Makes it, just before it is sent: a signature holds the time.
    """

    due: float
    key: str
    request: Callable[[], Request]


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        status: The HTTP status.
        headers: The headers, by their names in lower case.
        body: The raw body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Judged:
    """What a reply is worth.

    Attributes:
        good: Whether it has the status that it must have.
        complete: Whether it holds everything that it promises.
        fault: What is wrong, in a few words.
    """

    good: bool
    complete: bool = True
    fault: str | None = None


Judge = Callable[[str, Reply], Judged]
"""Judges the reply to the shot with a key; it may keep what it needs of it."""


def expect_status(wanted: int) -> Judge:
    """Return a judge to whom every reply with a status is good and complete."""

    def judge(_key: str, reply: Reply) -> Judged:
        if reply.status == wanted:
            return Judged(good=True)
        return Judged(good=False, complete=False, fault=refusal(reply))

    return judge


def refusal(reply: Reply) -> str:
    """Return what people read of a reply that is not good: its status and how its body begins."""
    return f"{reply.status} {' '.join(reply.body[:_SHOWN_BODY].decode(errors='replace').split())}".strip()
