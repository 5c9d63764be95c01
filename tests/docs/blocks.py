"""The fenced blocks of a document: their language, text and place, why one is not run, and which file one is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"

_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n)?(?:^`(?P<file>include/[^`]+)`:\n\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        line: The line of its fence.
        language: What stands behind the fence.
        text: Its content.
        reason: Why it is not run, where it says so.
        file: The file that it is, where it says so.
    """

    line: int
    language: str
    text: str
    reason: str | None
    file: str | None


def blocks(name: str) -> list[Block]:
    """Return the blocks of a document in ``docs/``."""
    page = (DOCS / name).read_text(encoding="utf-8")
    found = [
        Block(
            page.count("\n", 0, match.start("language")) + 1,
            match["language"],
            match["text"],
            match["reason"],
            match["file"],
        )
        for match in _FENCE.finditer(page)
    ]
    assert len(found) * 2 == len(re.findall("^```", page, re.MULTILINE)), (
        "a fence is not closed, or is indented"
    )
    return found
