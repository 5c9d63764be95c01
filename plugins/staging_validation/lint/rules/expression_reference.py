"""An expression must read queries that its panel has, and not itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from staging_validation.dashboards.model import Expression, Panel, Target
from staging_validation.dashboards.reading_values import items, mapping, texts
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Span

_IN_MATH = re.compile(r"\$(?:\{([^}]+)\}|(\w+))")
_ONE_INPUT = frozenset({"reduce", "resample", "threshold"})


class _Reference(NamedTuple):
    """Which query an expression reads, and where it says so."""

    name: str
    pointer: str
    span: Span | None = None


def _check(target: Target, context: Context) -> Iterator[Fault]:
    expression, panel, dashboard = target.expression, context.panel, context.dashboard
    if expression is None or panel is None or dashboard is None:
        return
    if expression.type in (*_ONE_INPUT, "math") and not expression.text.strip():
        yield Fault(
            f"The {expression.type} expression reads nothing, so Grafana refuses the panel's whole request.",
            "name the query that it reads",
            pointer=expression.text_pointer,
            ref_id=target.ref_id,
        )
    letters = {other.ref_id for other in panel.targets}
    seen: set[str] = set()
    for reference in _references(target, expression):
        name = reference.name
        if name in seen or name in dashboard.variables_of(panel):
            continue  # the dashboard's variables are replaced first
        seen.add(name)
        if name not in letters:
            yield _absent(target, expression, reference, letters - {target.ref_id})
        elif _closes_cycle(panel, target, name):
            yield _cycle(target, expression, reference)


def _references(target: Target, expression: Expression) -> Iterator[_Reference]:
    if expression.type == "math":
        for found in _IN_MATH.finditer(expression.text):
            yield _Reference(found[1] or found[2], expression.text_pointer, Span(*found.span()))
    elif expression.type == "classic_conditions":
        fields = expression.text_pointer.rpartition("/")[0]
        for position, condition in enumerate(items(_fields(target).get("conditions"))):
            for name in texts(mapping(mapping(condition).get("query")).get("params"))[:1]:
                yield _Reference(name, f"{fields}/conditions/{position}/query/params/0")
    elif expression.type in _ONE_INPUT and expression.text.strip():
        name = expression.text.strip().removeprefix("$").strip("{}")
        yield _Reference(name, expression.text_pointer, Span(0, len(expression.text)))


def _fields(target: Target) -> Mapping[str, object]:
    """Return the expression's own fields: in version 2 they stand deeper."""
    query = mapping(mapping(target.raw.get("spec")).get("query"))
    return mapping(query.get("spec")) or target.raw


def _closes_cycle(panel: Panel, target: Target, name: str) -> bool:
    """Tell whether an input leads back to an expression, which is the first of its cycle in the panel."""
    reads = {
        other.ref_id: {reference.name for reference in _references(other, other.expression)}
        for other in panel.targets
        if other.expression is not None
    }
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        letter = waiting.pop()
        if letter not in reached:
            reached.add(letter)
            waiting += reads.get(letter, ())
    if target.ref_id not in reached:
        return False
    in_cycle = (other for other in panel.targets if other.ref_id in reached and other.expression is not None)
    return next(in_cycle, None) is target


def _absent(target: Target, expression: Expression, reference: _Reference, letters: set[str]) -> Fault:
    there = ", ".join(sorted(letter for letter in letters if letter)) or "no other"
    return Fault(
        f"The expression {target.ref_id} reads {reference.name}, which the panel does not have, so Grafana refuses "
        "the panel's whole request.",
        f"the panel has {there}: name one of them, or add the query {reference.name}",
        pointer=reference.pointer,
        span=reference.span,
        expr=expression.text,
        ref_id=target.ref_id,
        evidence={"reads": reference.name},
    )


def _cycle(target: Target, expression: Expression, reference: _Reference) -> Fault:
    through = "itself" if reference.name == target.ref_id else f"{reference.name}, which leads back to it"
    return Fault(
        f"The expression {target.ref_id} reads {through}: no order computes it, so Grafana refuses the panel's whole "
        "request.",
        "let it read a query that does not depend on it",
        pointer=reference.pointer,
        span=reference.span,
        expr=expression.text,
        ref_id=target.ref_id,
        evidence={"reads": reference.name},
    )


RULE = Rule(
    id="expression-reference",
    summary="An expression reads a query that its panel does not have, or itself.",
    severity=Severity.ERROR,
    subject=Target,
    check=_check,
    classes=("A9", "D29"),
)
