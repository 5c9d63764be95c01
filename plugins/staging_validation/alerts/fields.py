"""Takes the values of a rule file apart without giving up at the first wrong one: each becomes a problem."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from staging_validation.alerts.model import ProblemKind, RuleProblem
from staging_validation.documents import Document, Place
from staging_validation.promql.literals import read_duration

_DURATION_REMEDY = "write whole numbers with their units, the longest first: 30s, 5m, 1h30m"


class Fields:
    """The values of one YAML document, read with their places.

    Args:
        document: The document.
        prefix: What its pointers begin with.
        first_line: How many lines of the file stand before it.
    """

    def __init__(self, document: Document, *, prefix: str = "", first_line: int = 0) -> None:
        self.content = document.content
        self.problems: list[RuleProblem] = []
        self._document = document
        self._prefix = prefix
        self._first_line = first_line

    def pointer(self, place: Place) -> str:
        """Return a place as a JSON pointer."""
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
        return self._prefix + "".join(f"/{step}" for step in steps)

    def line(self, place: Place) -> int:
        """Return the line of a place in the file."""
        return self._document.line(place) + self._first_line

    def report(
        self,
        place: Place,
        message: str,
        remedy: str,
        *,
        kind: ProblemKind = ProblemKind.SCHEMA,
        refused: bool = True,
    ) -> None:
        """Note a problem; see :class:`~staging_validation.alerts.model.RuleProblem`."""
        self.problems.append(
            RuleProblem(kind, message, remedy, self.pointer(place), self.line(place), refused)
        )

    def report_at(self, pointer: str, line: int, message: str, remedy: str) -> None:
        """Note a problem that Prometheus loads the file in spite of, at a place that was read already."""
        self.problems.append(RuleProblem(ProblemKind.SCHEMA, message, remedy, pointer, line, refused=False))

    def mapping(self, value: object, place: Place, what: str) -> Mapping[Any, Any] | None:
        """Return a value that must be a mapping; None, with a problem, when it is not."""
        if isinstance(value, dict):
            return value
        self.report(place, f"{what} is {_described(value)}, but must be a mapping.", "write keys and values")
        return None

    def items(self, parent: Mapping[Any, Any], place: Place, key: str) -> Iterator[tuple[Place, Any]]:
        """Yield the items of a list with their places; nothing where the list is not there."""
        value = parent.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.report(
                (*place, key), f"{key} is {_described(value)}, but must be a list.", "begin each with -"
            )
            return
        for position, item in enumerate(value):
            yield (*place, key, position), item

    def text(self, parent: Mapping[Any, Any], place: Place, key: str) -> str:
        """Return a text; empty, with a problem where something else stands there, when it is not there."""
        value = parent.get(key)
        text = _scalar(value)
        if text is None:
            self.report((*place, key), f"{key} is {_described(value)}, but must be a text.", "write a text")
        return text or ""

    def texts(self, parent: Mapping[Any, Any], place: Place, key: str) -> dict[str, str]:
        """Return a mapping of texts, without those that are none, which become problems."""
        value = parent.get(key)
        if value is None:
            return {}
        found: dict[str, str] = {}
        for name, item in (self.mapping(value, (*place, key), key) or {}).items():
            text = _scalar(item)
            if text is None:
                self.report(
                    (*place, key, str(name)),
                    f"{key}.{name} is {_described(item)}, but must be a text.",
                    "write a text, in quotes where it begins with { or [",
                )
            else:
                found[str(name)] = text
        return found

    def seconds(self, parent: Mapping[Any, Any], place: Place, key: str) -> float | None:
        """Return a duration in seconds; None when it is not there, or, with a problem, when it is none."""
        value = parent.get(key)
        if value is None:
            return None
        text = _scalar(value)
        seconds = 0.0 if text == "0" else read_duration(text or "")
        if seconds is None:
            plain = type(value) is int  # a bool is no number here
            remedy = f"write {value}s if seconds are meant" if plain else _DURATION_REMEDY
            self.report((*place, key), f"{key} is {_described(value)}, which is no duration.", remedy)
        return seconds

    def whole_number(self, parent: Mapping[Any, Any], place: Place, key: str) -> None:
        """Note a problem when a value is there and no whole number."""
        value = parent.get(key)
        if value is not None and type(value) is not int:
            self.report(
                (*place, key),
                f"{key} is {_described(value)}, but must be a whole number.",
                "write 0 for no limit",
            )

    def unknown_keys(
        self, parent: Mapping[Any, Any], place: Place, known: Collection[str], remedies: Mapping[str, str]
    ) -> bool:
        """Note every key that is not known.

        Args:
            parent: The mapping.
            place: Where it stands.
            known: The keys it may have.
            remedies: What to do about some others that people take for known.

        Returns:
            Whether there is one: then a key that is missing is probably this one, written wrong.
        """
        unknown = [key for key in parent if key not in known]
        for key in unknown:
            near = difflib.get_close_matches(str(key), list(known), n=1)
            remedy = remedies.get(str(key)) or (
                f"did you mean {near[0]}?" if near else f"remove it; known are {', '.join(sorted(known))}"
            )
            self.report(
                (*place, str(key)), f"{key} is unknown here, and Prometheus refuses the file.", remedy
            )
        return bool(unknown)


def _scalar(value: object) -> str | None:
    """Return a value as Prometheus reads it into a text, or None for a list or a mapping."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return None if isinstance(value, (list, dict, set, tuple, bytes)) else str(value)


def _described(value: object) -> str:
    """Return a value as messages show it, cut short."""
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
