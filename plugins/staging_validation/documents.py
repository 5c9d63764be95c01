"""YAML with positions: which line every key and item of a document stands on."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.reader import ReaderError

from staging_validation.source_files import SourceFile

_NESTING = re.compile(r"[\[{]|(?P<close>[\]}])|[-?:]\s+(?=[-?:]\s)")
"""What begins another level of nesting without a deeper indentation, and what ends one."""

_MOST_LEVELS = 200
_MERGE = "tag:yaml.org,2002:merge"
_MOST_MERGED = 10_000

Place = tuple[str | int, ...]
"""Where in a document: the keys and positions that lead there."""


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file.

    Attributes:
        path: The file.
        line: The line, counted from 1.
        message: What is wrong, and what would be right.
    """

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        """The problem as compilers print it, so that editors jump to it."""
        return f"{self.path}:{self.line}: {self.message}"


@dataclass
class Document:
    """A YAML document and its positions.

    Attributes:
        path: The file it was read from.
        content: What it says; None when it could not be read.
        problems: What keeps it from being read.
        lines: The lines of its keys and items.
    """

    path: str
    content: Any = None
    problems: list[Problem] = field(default_factory=list)
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Return the line of a place, or of the nearest place above it that the file spells out."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, place: Place, message: str) -> Problem:
        """Name a problem at a place."""
        return Problem(self.path, self.line(place), message)


def read_document(file: SourceFile) -> Document:
    """Read a YAML file.

    Returns:
        The document; its problems name syntax errors and keys that stand twice (which YAML forbids, and the
        parser would drop in silence).
    """
    document = Document(file.path)
    try:
        loader, node = _compose(file.text)
        if node is not None:
            # Constructing writes what is merged (<<) into the nodes, which would look like keys that stand twice.
            _locate(document, node, (), set())
            _refuse_explosion(node)
            document.content = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        document.problems.append(Problem(file.path, line, f"no valid YAML: {error.problem}"))
    except ReaderError as error:
        line = file.text.count("\n", 0, error.position) + 1
        document.problems.append(Problem(file.path, line, f"no valid YAML: {error.reason}"))
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that no calendar has
        document.problems.append(Problem(file.path, 1, f"no valid YAML: {error}"))
    return document


def _compose(text: str) -> tuple[Any, yaml.Node | None]:
    """Return the loader, and the document's node: from libyaml, which is many times as fast, where it can be had.

    It ends the process on text that is nested too deep, and says less well what is wrong: there the slow one reads.
    """
    fast = getattr(yaml, "CSafeLoader", None)
    if fast is not None and not _is_deep(text):
        with suppress(yaml.YAMLError, UnicodeEncodeError):
            loader = fast(text)
            return loader, loader.get_single_node()
    slow = yaml.SafeLoader(text)
    return slow, slow.get_single_node()


def _is_deep(text: str) -> bool:
    """Return whether a text may be nested deeper than anybody writes; compact sequences count as if never ended."""
    level = 0
    for found in _NESTING.finditer(text):
        level += -1 if found["close"] else 1
        if level > _MOST_LEVELS:
            return True
    return False


def _refuse_explosion(root: yaml.Node) -> None:
    """Refuse merges (``<<``) that multiply: a few lines can stand for more keys than fit into memory.

    Raises:
        yaml.YAMLError: A mapping would have too many keys.
    """
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        sizes[id(node)] = 0  # one that merges itself: the parser refuses it
        own = merged = 0
        if isinstance(node, yaml.SequenceNode):
            own = sum(size(item) for item in node.value)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inside = size(value)
                merged += inside if key.tag == _MERGE else 0
                own += key.tag != _MERGE
        if merged > _MOST_MERGED:
            raise yaml.YAMLError(f"a mapping merges (<<) more than {_MOST_MERGED} keys")
        sizes[id(node)] = own + merged
        return own + merged

    size(root)


def _locate(document: Document, node: yaml.Node, place: Place, seen: set[int]) -> None:
    """Note the lines of everything below a node."""
    if id(node) in seen:  # an alias: its items stand where they were written first
        return
    seen.add(id(node))
    children: list[tuple[str | int, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        children = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = [(index, item, item) for index, item in enumerate(node.value)]
    for name, start, child in children:
        below, line = (*place, name), start.start_mark.line + 1
        if below in document.lines:
            first = document.lines[below]
            document.problems.append(
                Problem(document.path, line, f"{name} stands twice, first on line {first}; keep one of them")
            )
            continue
        document.lines[below] = line
        _locate(document, child, below, seen)
