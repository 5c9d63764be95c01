"""A text file as a value: the domain reads files that were handed to it and never opens one itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceFile:
    """One file that people wrote: a customer state, a metric catalogue, a dashboard.

    Attributes:
        path: How the file is named in messages, relative to the project where possible.
        text: Its content.
    """

    path: str
    text: str
