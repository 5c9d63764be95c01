"""Operators that change queries: a piece of the text is replaced, in every query where the piece occurs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.tree import Expr, Span, walk
from tests.lint.mutation.documents import put
from tests.lint.mutation.mutant import EVERYTHING, Change, Control, Operator, Place


@dataclass(frozen=True)
class Edit:
    """One change of a query's text.

    Attributes:
        span: What is replaced, in the text as written.
        text: What it is replaced with.
        mark: Which piece of ``text`` is wrong; all of it by default, and where that is empty the whole ``within``.
        within: The part of the former text in which the defect can be seen; by default the smallest piece of
            the tree around ``span``.
        anywhere: Whether any piece of ``within`` will do: what is wrong is how the pieces go together.
        also: Further places that will do, outside of the query.
    """

    span: Span
    text: str
    mark: str = ""
    within: Span | None = None
    anywhere: bool = False
    also: tuple[Place, ...] = ()


EditMake = Callable[[Query, Control], Iterable[Edit]]


def query_operator(
    defect: str,
    *rules: str,
    on: Iterable[str] = EVERYTHING,
    kinds: Iterable[QueryKind] = tuple(QueryKind),
    learned: bool = True,
) -> Callable[[EditMake], Operator]:
    """Make an operator of a function that changes one query.

    Args:
        defect: The defect class.
        rules: The rules that may find it.
        on: The tags of the controls that it fits.
        kinds: The kinds of queries that it fits.
        learned: Whether it fits controls whose metrics are learned, too.
    """
    chosen = frozenset(kinds)

    def made(function: EditMake) -> Operator:
        def make(control: Control) -> Iterator[Change]:
            for query in control.queries:
                if query.tree is not None and query.kind in chosen:
                    for edit in function(query, control):
                        yield _change(control, query, edit)

        name = getattr(function, "__name__", "")
        return Operator(name, defect, frozenset(rules), make, frozenset(on), learned)

    return made


def _change(control: Control, query: Query, edit: Edit) -> Change:
    start, end = edit.span
    text = query.text[:start] + edit.text + query.text[end:]
    within = edit.within or around(query, edit.span)
    within = Span(min(within.start, start), max(within.end, end) + len(edit.text) - (end - start))
    at = edit.text.index(edit.mark) if edit.mark else 0
    mark = (
        Span(start + at, start + at + len(edit.mark or edit.text))
        if edit.text and not edit.anywhere
        else within
    )
    written = query.text[start:end] or "nothing"
    return Change(
        f"{query.pointer}: {written} -> {edit.text or 'nothing'} at {start}",
        (Place(query.pointer, mark, within), *edit.also),
        put(control.document, query.pointer, text),
    )


def around(query: Query, span: Span) -> Span:
    """Return the smallest piece of the tree that holds more than a piece of the text."""
    assert query.tree is not None
    holders = [
        found
        for found in (query.original(piece.span) for piece in walk(query.tree))
        if found.start <= span.start and span.end <= found.end and found != span
    ]
    return min(holders, key=lambda found: found.end - found.start, default=Span(0, len(query.text)))


def at(query: Query, piece: Expr) -> Span:
    """Return the place of a piece of the tree in the text as written."""
    return query.original(piece.span)


def written(query: Query, piece: Expr) -> str:
    """Return a piece of the tree as it is written."""
    start, end = at(query, piece)
    return query.text[start:end]


def whole(query: Query) -> Span:
    """Return the place of the whole expression."""
    assert query.tree is not None
    return at(query, query.tree)
