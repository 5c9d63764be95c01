"""What a fault is: the promise that it breaks, what it changes, and who notices it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from local_staging.faults.switches import Switch
from staging_validation.errors import ConfigurationError

_NAME = re.compile(r"[a-z]+(-[a-z0-9]+)+")


class Place(str, Enum):
    """Whose fault it is."""

    SERVICE = "service"
    SANDBOX = "sandbox"


@dataclass(frozen=True)
class Notice:
    """What a workflow says when it meets a fault.

    Attributes:
        workflow: The workflow's id.
        check: The check that fails, as ``step.expectation``; where a step has several of a kind, one of them. ``*``
            stands for any text: which check is the first to fail may depend on how fast a webhook comes.
        says: What its message holds: what is there, and what is right. ``…`` stands for any text.
    """

    workflow: str
    check: str
    says: str

    def is_in(self, told: Mapping[str, str]) -> bool:
        """Say whether a workflow noticed the fault, and said so in these words.

        Args:
            told: The messages of the workflow's results that are not green, by the results' ids.
        """
        check = re.escape(f"workflow.{self.workflow}.{self.check}").replace(r"\*", ".*")
        right_id = re.compile(rf"{check}(_\d+)?")
        words = re.compile(".*".join(map(re.escape, self.says.split(" … "))))
        return any(right_id.fullmatch(id_) and words.search(text) for id_, text in told.items())


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: Its name, for command lines: lower case, with hyphens.
        right: What is right, and broken while it is on: one sentence.
        switch: Switches it on.
        notice: Who notices it, and by which words; None when nobody does.
        unnoticed: Why no workflow can notice it; empty for all that are noticed.
    """

    name: str
    right: str
    switch: Switch
    notice: Notice | None = None
    unnoticed: str = ""

    def __post_init__(self) -> None:
        """Refuse a fault that nobody could use.

        Raises:
            ConfigurationError: The name is malformed, or nothing, or too much, is said of who notices it.
        """
        if not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"The fault {self.name!r} has no name for a command line.",
                remedy="name it in lower case, with hyphens between words",
            )
        if (self.notice is None) != bool(self.unnoticed):
            raise ConfigurationError(
                f"The fault {self.name} must say who notices it, or why nobody can, and not both.",
                remedy="give it `notice` or `unnoticed`",
            )
