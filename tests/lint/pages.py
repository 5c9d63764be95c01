"""The pages of the rules, with examples that can be run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staging_validation.lint.rule import Rule

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rules"

_BLOCK = re.compile(r"^```(?P<info>[^\n]+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_TABLE = re.compile(r"^\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|$", re.MULTILINE)
_ALSO = re.compile(r"^The bad example is also found by ([^.]*)\.$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A rule's page.

    Attributes:
        text: Its text.
        parts: The headings of its parts.
        facts: Severity, defect classes, whether it needs metrics, whether it is a matter of taste.
        bad: The blocks of the bad example, each with its info string.
        good: Those of the good one.
        also: Further rules that find something in the bad example.
    """

    text: str
    parts: tuple[str, ...]
    facts: tuple[str, ...]
    bad: tuple[tuple[str, str], ...]
    good: tuple[tuple[str, str], ...]
    also: frozenset[str]


def read_page(rule: Rule) -> Page:
    """Read a rule's page."""
    text = (FOLDER / f"{rule.id}.md").read_text(encoding="utf-8")
    example = text.partition("## Example\n")[2].partition("\n## Fix")[0]
    bad, _, good = example.partition("\nGood:\n")
    also = _ALSO.search(text)
    return Page(
        text,
        tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)),
        tuple(cell.strip() for cell in _TABLE.findall(text)[2]),
        _blocks(bad),
        _blocks(good),
        frozenset(re.findall(r"`([^`]+)`", also[1])) if also else frozenset(),
    )


def given(blocks: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return the blocks of an example as :func:`tests.lint.support.findings` takes them.

    The info string says what a block is: ``promql`` (a panel's query), ``json`` (a dashboard's file), ``json panel``,
    ``json variable`` and ``json annotation`` (fields that differ from a clean one), ``yaml`` (a rule file),
    ``yaml alert`` and ``yaml record`` (fields of a rule that differ from a clean one). Several blocks of ``json`` or
    ``yaml`` are several files.
    """
    if len(blocks) > 1:
        return {"files": {f"{number}.{info}": text for number, (info, text) in enumerate(blocks, start=1)}}
    [(info, text)] = blocks
    kind, _, part = info.partition(" ")
    if kind == "promql":
        return {"expr": text.strip()}
    if not part:
        return {"dashboard" if kind == "json" else "rules": text}
    import yaml

    return {part: yaml.safe_load(text)}


def _blocks(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((match["info"].strip(), match["text"]) for match in _BLOCK.finditer(text))
