"""Takes checks out of a module, one at a time: the mutants of a mutation run.

Made for a guard, not for arithmetic: conditions that become constants, refusals that are not raised, calls that are
not made, entries that leave a list, readings that are swapped for harmless ones, blanks and case that are not removed.
Prose (messages, documentation) is left alone.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_HARMLESS = {
    "Reading.PRODUCTION": "NON_PRODUCTION",
    "Reading.UNKNOWN": "NON_PRODUCTION",
    "Reading.UNREACHABLE": "NON_PRODUCTION",
    "Reading.NON_PRODUCTION": "UNKNOWN",
    "Outcome.REFUSED": "PASSED",
    "Outcome.ERRORED": "PASSED",
    "Outcome.PASSED": "REFUSED",
}
_CLEANING = frozenset(
    {"strip", "casefold", "rstrip", "lstrip", "lower", "upper", "removeprefix", "astimezone"}
)
_UNTOUCHED_FIELDS = frozenset({"annotation", "returns", "decorator_list", "bases"})
_UNTOUCHED_TARGETS = frozenset({"__all__", "_LOG"})
_SHOWN = 70


@dataclass(frozen=True)
class Mutant:
    """A module with one check taken out.

    Attributes:
        id: Names it for good: module, function, kind and code, and a number where those are not unique.
        line: Where it is, in the original.
        source: The whole module.
    """

    id: str
    line: int
    source: str


@dataclass(frozen=True)
class _Edit:
    """One change of the syntax tree: this child of this node becomes another one, or goes."""

    node: ast.AST
    field: str
    index: int | None
    new: ast.AST | None
    kind: str
    old: ast.AST


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Make all mutants of a module.

    Args:
        module: Its name, for the mutants' ids.
        source: Its source.

    Yields:
        The mutants, in the order of the source.
    """
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    for where, edit in _edits(tree, ""):
        code = " ".join(ast.unparse(edit.old).split())
        named = f"{module}:{where or 'module'}: {edit.kind}: {code[:_SHOWN]}"
        seen[named] += 1
        number = f" #{seen[named]}" if seen[named] > 1 else ""
        yield Mutant(f"{named}{number}", getattr(edit.old, "lineno", 0), _applied(tree, edit))


def _applied(tree: ast.Module, edit: _Edit) -> str:
    """Unparse the tree with the edit, and take it back."""
    value = getattr(edit.node, edit.field)
    if edit.index is None:
        setattr(edit.node, edit.field, edit.new)
        text = ast.unparse(ast.fix_missing_locations(tree))
        setattr(edit.node, edit.field, value)
        return text
    changed = [*value]
    changed[edit.index : edit.index + 1] = [] if edit.new is None else [edit.new]
    setattr(edit.node, edit.field, changed)
    if isinstance(edit.node, ast.Dict):
        keys, edit.node.keys = edit.node.keys, [k for i, k in enumerate(edit.node.keys) if i != edit.index]
        text = ast.unparse(ast.fix_missing_locations(tree))
        edit.node.keys = keys
    else:
        text = ast.unparse(ast.fix_missing_locations(tree))
    setattr(edit.node, edit.field, value)
    return text


def _edits(node: ast.AST, where: str) -> Iterator[tuple[str, _Edit]]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        where = f"{where}.{node.name}" if where else node.name
    for name, value in ast.iter_fields(node):
        if name in _UNTOUCHED_FIELDS:
            continue
        children = value if isinstance(value, list) else [value]
        for position, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_untouched(node, child):
                continue
            index = position if isinstance(value, list) else None
            for kind, new in _replacements(node, name, child):
                yield where, _Edit(node, name, index, new, kind, child)
            yield from _edits(child, where)


def _is_untouched(node: ast.AST, child: ast.AST) -> bool:
    if isinstance(child, (ast.Import, ast.ImportFrom, ast.Global)):
        return True
    if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # documentation
    if isinstance(child, (ast.Assign, ast.AnnAssign)):
        targets = child.targets if isinstance(child, ast.Assign) else [child.target]
        return any(isinstance(target, ast.Name) and target.id in _UNTOUCHED_TARGETS for target in targets)
    return isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)


def _replacements(node: ast.AST, name: str, child: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    if name == "test" or (name == "ifs" and isinstance(node, ast.comprehension)):
        yield "always", ast.Constant(value=True)
        yield "never", ast.Constant(value=False)
    if isinstance(child, ast.stmt):
        yield from _of_statement(child)
    elif isinstance(child, ast.expr):
        yield from _of_expression(node, name, child)
    elif isinstance(child, ast.withitem) and child.optional_vars is None and name == "items":
        yield from [("left out", None)] if len(getattr(node, "items", ())) > 1 else []


def _of_statement(child: ast.stmt) -> Iterator[tuple[str, ast.AST | None]]:
    if isinstance(child, ast.Raise):
        yield "not raised", ast.Pass()
    if isinstance(child, ast.Expr) and isinstance(child.value, (ast.Call, ast.Attribute)):
        yield "not called", ast.Pass()
    if isinstance(child, ast.With) and len(child.items) == 1 and child.items[0].optional_vars is None:
        yield "left out", ast.If(test=ast.Constant(value=True), body=child.body, orelse=[])


def _of_expression(node: ast.AST, name: str, child: ast.expr) -> Iterator[tuple[str, ast.AST | None]]:
    if _is_entry(node, name):
        yield "left out", None
    if isinstance(child, ast.BoolOp):
        for dropped in range(len(child.values)):
            rest = [value for position, value in enumerate(child.values) if position != dropped]
            left = rest[0] if len(rest) == 1 else ast.BoolOp(op=child.op, values=rest)
            yield f"without part {dropped + 1}", left
    if isinstance(child, ast.Compare) and len(child.ops) == 1 and type(child.ops[0]) in _FLIPPED:
        flipped = _FLIPPED[type(child.ops[0])]()
        yield "opposite", ast.Compare(left=child.left, ops=[flipped], comparators=child.comparators)
    if isinstance(child, ast.UnaryOp) and isinstance(child.op, ast.Not):
        yield "opposite", child.operand
    if isinstance(child, ast.BinOp) and isinstance(child.op, (ast.Add, ast.BitOr, ast.Sub)):
        yield "left side only", child.left
    if isinstance(child, ast.Attribute) and (harmless := _HARMLESS.get(ast.unparse(child))):
        yield f"becomes {harmless}", ast.Attribute(value=child.value, attr=harmless, ctx=child.ctx)
    if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in _CLEANING:
        yield f"without {child.func.attr}", child.func.value
    if isinstance(child, ast.Constant):
        yield from _of_constant(child)


def _is_entry(node: ast.AST, name: str) -> bool:
    if isinstance(node, (ast.List, ast.Set, ast.Tuple)) and name == "elts":
        return isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and len(node.elts) > 1
    return isinstance(node, ast.Dict) and name == "values" and len(node.values) > 1


def _of_constant(child: ast.Constant) -> Iterator[tuple[str, ast.AST | None]]:
    if isinstance(child.value, bool):
        yield f"becomes {not child.value}", ast.Constant(value=not child.value)
    elif isinstance(child.value, str) and child.value and not any(letter.isspace() for letter in child.value):
        yield "another word", ast.Constant(value="another_word")
