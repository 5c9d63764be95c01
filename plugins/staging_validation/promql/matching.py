"""What can be proved wrong about how two sides of an operator are paired."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from math import prod

from staging_validation.promql.fold import Everywhere
from staging_validation.promql.known import STAND_IN, KnownMetrics
from staging_validation.promql.labels import Labels, compared_labels, labels_everywhere
from staging_validation.promql.tree import Binary, Matching, Name, Span

_NOT_COUNTED = frozenset({"", "unknown"})
"""Values that a label has only where something went wrong; they do not make two series of one."""


class MatchFaultKind(str, Enum):
    """What is wrong about a pairing."""

    NEVER_MATCHES = "never_matches"
    ABSENT_LABEL = "absent_label"
    MANY_TO_MANY = "many_to_many"
    MISSING_GROUP = "missing_group"
    ABSENT_INCLUDE = "absent_include"


@dataclass(frozen=True, slots=True)
class MatchFault:
    """A fault of a pairing that holds whatever the data is.

    Attributes:
        kind: What is wrong.
        message: What is wrong and what comes of it, as a sentence.
        remedy: What to write instead.
        span: The wrong piece: the label behind ``on`` or ``group_left``, or the operator.
        labels: The labels in question.
    """

    kind: MatchFaultKind
    message: str
    remedy: str
    span: Span
    labels: tuple[str, ...]


def match_faults(
    binary: Binary, known: KnownMetrics | None, *, labels: Everywhere[Labels] | None = None
) -> tuple[MatchFault, ...]:
    """Find what is wrong about how an operator pairs the series of its two sides.

    Args:
        binary: The operator with its sides.
        known: The known metrics.
        labels: The labels of the pieces, where they are inferred already.

    Returns:
        The faults that can be proved. Where a number stands on a side, nothing is paired.
    """
    everywhere = labels or labels_everywhere(binary, known)
    left, right = everywhere.of(binary.left), everywhere.of(binary.right)
    if left.scalar or right.scalar:
        return ()
    absent = tuple(_absent_labels(binary, left, right))
    if binary.operator.text == "or":
        return absent
    missing = {fault.labels[0] for fault in absent}
    unmatched = tuple(_unmatched(binary, left, right, missing))
    if absent or unmatched:
        return absent + unmatched[:1]
    if binary.operator.text in ("and", "unless"):
        return ()
    return tuple(_many(binary, left, right)) + tuple(_absent_includes(binary, left, right))


def _absent_labels(binary: Binary, left: Labels, right: Labels) -> Iterator[MatchFault]:
    """Find labels behind ``on`` that a side cannot have."""
    matching = binary.matching
    for name in matching.labels if matching and matching.on else ():
        if STAND_IN in name.text:
            continue
        sides = [word for word, side in (("left", left), ("right", right)) if not side.may_have(name.text)]
        if sides:
            yield _absent_label(name, sides, binary)


def _absent_label(name: Name, sides: list[str], binary: Binary) -> MatchFault:
    where, comes_of_it = "neither side has", "it tells no two series apart"
    if len(sides) == 1:
        where, comes_of_it = f"the {sides[0]} side does not have", "series that have it find no partner"
    return MatchFault(
        MatchFaultKind.ABSENT_LABEL,
        f"`{binary.operator.text}` pairs its sides by the label {name.text}, which {where}: {comes_of_it}.",
        f"take {name.text} out of on(), or keep it on both sides",
        name.span,
        (name.text,),
    )


def _unmatched(binary: Binary, left: Labels, right: Labels, known: set[str]) -> Iterator[MatchFault]:
    """Find labels in which the two sides can never agree."""
    for label in sorted((left.guaranteed | right.guaranteed) - known):
        if STAND_IN in label or not compared_labels(binary.matching, label):
            continue
        reason = _disagreement(label, left, right)
        if reason:
            yield MatchFault(
                MatchFaultKind.NEVER_MATCHES,
                f"The two sides of `{binary.operator.text}` never agree in the label {label}: {reason}, so "
                f"{_consequence(binary)}.",
                _remedy(binary, label, left, right),
                binary.operator.span,
                (label,),
            )


def _disagreement(label: str, left: Labels, right: Labels) -> str:
    for having, lacking, words in ((left, right, ("left", "right")), (right, left, ("right", "left"))):
        if label in having.guaranteed and not lacking.may_have(label):
            return f"the {words[0]} side always has it, the {words[1]} side never"
    one, other = left.values.get(label), right.values.get(label)
    if label not in left.guaranteed or label not in right.guaranteed or not one or not other:
        return ""
    if one.open or other.open or one.values & other.values:
        return ""
    return f"left it is {_listed(one.values)}, right {_listed(other.values)}"


def _consequence(binary: Binary) -> str:
    if binary.operator.text == "unless":
        return "nothing is ever taken away"
    return "no pair is found and the result is always empty"


def _remedy(binary: Binary, label: str, left: Labels, right: Labels) -> str:
    if label in left.guaranteed and label in right.guaranteed:
        return f"leave the label out of the comparison: {binary.operator.text} ignoring ({label})"
    many = "left" if label in left.guaranteed else "right"
    common = sorted(_shared(left, right))
    group = "" if binary.operator.text in ("and", "unless") else f" group_{many}"
    return f"name the common labels: {binary.operator.text} on ({', '.join(common)}){group}"


def _shared(left: Labels, right: Labels) -> frozenset[str]:
    return (left.guaranteed & right.guaranteed) - {"__name__"}


def _many(binary: Binary, left: Labels, right: Labels) -> Iterator[MatchFault]:
    """Find sides that have several series for one partner."""
    matching = binary.matching
    if matching is None:
        return
    several = {"left": _splitting(left, matching), "right": _splitting(right, matching)}
    if matching.group:
        one = "right" if matching.group == "left" else "left"
        if several[one]:
            yield _many_to_many(
                binary, several[one], f"the {one} side, which group_{matching.group} makes the one"
            )
    elif several["left"] and several["right"]:
        yield _many_to_many(binary, several["left"] + several["right"], "each side")
    elif several["left"] or several["right"]:
        many = "left" if several["left"] else "right"
        yield _missing_group(binary, several[many], many)


def _splitting(side: Labels, matching: Matching) -> tuple[str, ...]:
    """Return the labels that make several series of one group: not compared, and surely of several values."""
    if matching.on and not all(name.text in side.guaranteed for name in matching.labels):
        return ()  # a label that may be there or not can tell the series apart
    compared = [label for label in side.guaranteed if compared_labels(matching, label)]
    known = [len(side.values[label].values) for label in compared if label in side.values]
    groups = prod(known) if len(known) == len(compared) else math.inf
    found = []
    for label in sorted(side.guaranteed - set(compared) - {"__name__"}):
        values = side.values.get(label)
        count = len(values.values - _NOT_COUNTED) if values else 0
        if values and count > 1 and (not values.open or count > groups):
            found.append(label)
    return tuple(found)


def _many_to_many(binary: Binary, labels: tuple[str, ...], where: str) -> MatchFault:
    named = tuple(dict.fromkeys(labels))
    return MatchFault(
        MatchFaultKind.MANY_TO_MANY,
        f"`{binary.operator.text}` finds several series for one partner on {where}: they differ in "
        f"{', '.join(named)}, which is not compared. Prometheus refuses the query (many-to-many matching).",
        f"aggregate {', '.join(named)} away first, or compare it too",
        binary.matching.span if binary.matching else binary.operator.span,
        named,
    )


def _missing_group(binary: Binary, labels: tuple[str, ...], many: str) -> MatchFault:
    return MatchFault(
        MatchFaultKind.MISSING_GROUP,
        f"`{binary.operator.text}` finds several series for one partner on the {many} side: they differ in "
        f"{', '.join(labels)}, which is not compared. Prometheus refuses the query.",
        f"write group_{many} behind the matching, or aggregate {', '.join(labels)} away first",
        binary.matching.span if binary.matching else binary.operator.span,
        labels,
    )


def _absent_includes(binary: Binary, left: Labels, right: Labels) -> Iterator[MatchFault]:
    """Find labels that are to be taken over from a side that does not have them."""
    matching = binary.matching
    if matching is None or matching.group is None:
        return
    one, side = (right, "right") if matching.group == "left" else (left, "left")
    for name in matching.include:
        if STAND_IN not in name.text and not one.may_have(name.text):
            yield MatchFault(
                MatchFaultKind.ABSENT_INCLUDE,
                f"group_{matching.group} takes the label {name.text} over from the {side} side, which does not "
                "have it: the result has no such label.",
                f"keep {name.text} on the {side} side, or take it out of group_{matching.group}()",
                name.span,
                (name.text,),
            )


def _listed(values: Iterable[str]) -> str:
    return " or ".join(f'"{value}"' for value in sorted(values))
