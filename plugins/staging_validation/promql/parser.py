"""Reads a PromQL expression into its tree: the language of Prometheus 2 and 3."""

from __future__ import annotations

from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.functions import AGGREGATORS, FUNCTIONS
from staging_validation.promql.lexer import Token, place
from staging_validation.promql.literals import read_duration, read_number
from staging_validation.promql.selectors import SelectorReader
from staging_validation.promql.slips import EXPERIMENTAL, shown, unexpected
from staging_validation.promql.tree import (
    Aggregation,
    Binary,
    Call,
    Expr,
    Grouping,
    Matching,
    Name,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Unary,
    children,
)

MAX_NESTING = 100
"""How deep parentheses, calls and operators may be nested in one another in the text."""

MAX_DEPTH = 200
"""How deep a tree may be at most: ``a + b + c`` is one deeper than ``a + b``."""

_PRECEDENCE = {
    "or": 1, "and": 2, "unless": 2,
    "==": 3, "!=": 3, "<=": 3, "<": 3, ">=": 3, ">": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "atan2": 5, "^": 6,
}  # fmt: skip
_POWER = 6
_NO_METRICS = frozenset({"atan2", "bool", "group_left", "group_right", "ignoring", "on"})


def parse(text: str) -> Expr:
    """Read an expression.

    Only its grammar is judged here; whether its parts fit together is said by
    :func:`staging_validation.promql.types.type_faults`.

    Args:
        text: The expression.

    Returns:
        Its tree, at most :data:`MAX_DEPTH` deep, so that what walks it may call itself.

    Raises:
        PromqlSyntaxError: It is no expression; says what was expected where.
    """
    parser = _Parser(text)
    if parser.token.kind == "end":
        raise PromqlSyntaxError("The query is empty.", place((0, len(text))), "write an expression")
    expr = parser.expression(1)
    if parser.token.kind != "end":
        raise _left_over(parser.token)
    if len(text) > MAX_DEPTH:
        _refuse_depth(expr)
    return expr


class _Parser(SelectorReader):
    """Reads expressions; an operator waits until everything that binds stronger is read."""

    __slots__ = ("nesting",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nesting = 0

    def expression(self, weakest: int) -> Expr:
        """Read an expression up to an operator that binds weaker than ``weakest``."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise _too_deep(place((self.token.start, self.token.end)))
        left = self._operand()
        for _ in range(MAX_DEPTH):
            token = self.token
            kind = token.text.lower() if token.kind == "word" else token.kind
            strength = _PRECEDENCE.get(kind)
            if strength is None or strength < weakest:
                self.nesting -= 1
                return left
            self.advance()
            returns_bool, matching = False, None
            if self.token.kind == "word":
                returns_bool, matching = self._bool(), self._matching()
            # The power is the only one that is read from right to left: 2 ^ 3 ^ 2 is 2 ^ 9.
            right = self.expression(strength if strength == _POWER else strength + 1)
            operator = Name(place((token.start, token.end)), kind)
            span = place((left.span.start, right.span.end))
            left = Binary(span, operator, left, right, returns_bool, matching)
        raise _too_deep(left.span)

    def _operand(self) -> Expr:
        token = self.token
        kind = token.kind
        if kind == "word":
            return self.with_modifiers(self._word())
        if kind == "number" or kind == "duration":
            self.advance()
            return self._number(token)
        if kind == "(":
            self.advance()
            expr = self.expression(1)
            self.close(")", token, "an operator")
            return self.with_modifiers(Paren(place((token.start, self.last.end)), expr))
        if kind == "{":
            return self.with_modifiers(self.selector(None))
        if kind == "-" or kind == "+":
            self.advance()
            expr = self.expression(_POWER)
            sign = Name(place((token.start, token.end)), kind)
            return Unary(place((token.start, expr.span.end)), sign, expr)
        if kind == "string":
            return self.with_modifiers(StringLiteral(place((token.start, token.end)), self.string()))
        raise unexpected(token, "an expression", _instead_of_operand(token))

    def _number(self, token: Token) -> Expr:
        value = read_number(token.text) if token.kind != "duration" else read_duration(token.text)
        if value is None:
            raise PromqlSyntaxError(
                f"{shown(token.text)} is no duration.",
                place((token.start, token.end)),
                "write the units y, w, d, h, m, s, ms once each, the longest first: 1h30m",
            )
        return self.with_modifiers(NumberLiteral(place((token.start, token.end)), value))

    def _word(self) -> Expr:
        token = self.advance()
        name = Name(place((token.start, token.end)), token.text)
        following = self.token.kind
        word = token.text.lower()
        if word in AGGREGATORS and (following == "(" or self.word() in {"by", "without"}):
            return self._aggregation(name if word == token.text else Name(name.span, word))
        if following == "(":
            return self._call(name)
        if self.word() in {"by", "without"}:
            _refuse_misspelt(name)
        if word in {"inf", "nan"}:
            return self._number(token)
        if word in _NO_METRICS:
            raise unexpected(
                token, "an expression", f'"{token.text}" is a keyword; it stands behind an operator'
            )
        return self.selector(name)

    def _call(self, name: Name) -> Expr:
        if ":" in name.text:
            raise unexpected(
                self.token, "an operator or the end", "a name with a colon is a metric's, not a function's"
            )
        arguments = self._arguments(name)
        if self.word() in {"by", "without"}:
            _refuse_misspelt(name)
        return Call(place((name.span.start, self.last.end)), name, arguments)

    def _aggregation(self, operator: Name) -> Expr:
        grouping = self._grouping() if self.token.kind == "word" else None
        arguments = self._arguments(operator)
        if grouping is None:
            grouping = self._grouping() if self.token.kind == "word" else None
        elif self.word() in {"by", "without"}:
            raise unexpected(
                self.token, "an operator or the end", "group once: in front of or behind the parentheses"
            )
        span = place((operator.span.start, self.last.end))
        wanted = 1 if AGGREGATORS[operator.text].parameter is None else 2
        if len(arguments) != wanted:
            raise PromqlSyntaxError(
                f"{operator.text} takes {wanted} argument{'s' * (wanted > 1)}, here are {len(arguments)}.",
                span,
                f"write {operator.text}({AGGREGATORS[operator.text].example})",
            )
        parameter = arguments[0] if wanted > 1 else None
        return Aggregation(span, operator, arguments[-1], parameter, grouping)

    def _arguments(self, name: Name) -> tuple[Expr, ...]:
        if self.token.kind != "(":
            raise unexpected(self.token, f'the "(" of {name.text}')
        opening = self.advance()
        if self.token.kind == ")":
            self.advance()
            return ()
        arguments = [self.expression(1)]
        while self.token.kind == ",":
            comma = self.advance()
            if self.token.kind == ")":
                raise unexpected(
                    comma, f'the ")" of {name.text}', "take the comma in front of the parenthesis away"
                )
            arguments.append(self.expression(1))
        self.close(")", opening, 'an operator, a ","')
        return tuple(arguments)

    def _grouping(self) -> Grouping | None:
        word = self.word()
        if word not in {"by", "without"}:
            return None
        start = self.advance().start
        labels = self.labels()
        return Grouping(place((start, self.last.end)), word == "without", labels)

    def _bool(self) -> bool:
        if self.word() != "bool":
            return False
        self.advance()
        return True

    def _matching(self) -> Matching | None:
        word = self.word()
        if word not in {"on", "ignoring"}:
            self._refuse_alone(word)
            return None
        start = self.advance().start
        labels = self.labels()
        end, group = self.last.end, None
        include: tuple[Name, ...] = ()
        if self.word() in {"group_left", "group_right"}:
            group = self.advance().text.lower().removeprefix("group_")
            include = self.labels() if self.token.kind == "(" else ()
            end = self.last.end
        return Matching(place((start, end)), word == "on", labels, group, include)

    def _refuse_alone(self, word: str) -> None:
        if word in {"group_left", "group_right"}:
            raise unexpected(
                self.token, "on (…) or ignoring (…)", f"write which labels are compared: on (label) {word}"
            )
        if word in {"fill", "fill_left", "fill_right"} and self.text[self.token.end :].lstrip().startswith(
            "("
        ):
            raise unexpected(self.token, "an expression")


def _refuse_misspelt(name: Name) -> None:
    """Refuse a name that is grouped like an aggregation, and is nearly one."""
    from difflib import get_close_matches

    near = get_close_matches(name.text.lower(), AGGREGATORS, n=1, cutoff=0.7)
    if near and name.text not in FUNCTIONS:
        raise PromqlSyntaxError(f"{shown(name.text)} is no aggregation.", name.span, f"write {near[0]}")


def _left_over(token: Token) -> PromqlSyntaxError:
    word = token.text.lower()
    if token.kind == "word" and word in {"by", "without"}:
        return unexpected(
            token, "an operator or the end", f"{word} belongs to an aggregation: sum {word} (label) (…)"
        )
    if token.kind in {"number", "string", "(", "{"} or (token.kind == "word" and word not in EXPERIMENTAL):
        return unexpected(token, "an operator or the end", "write the operator between the two expressions")
    return unexpected(token, "an operator or the end")


def _instead_of_operand(token: Token) -> str | None:
    if token.kind in _PRECEDENCE:
        return f'write an expression in front of "{token.text}"'
    return None


def _refuse_depth(expr: Expr) -> None:
    level: list[Expr] = [expr]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in children(parent)]
        if not level:
            return
    raise _too_deep(level[0].span)


def _too_deep(span: Span) -> PromqlSyntaxError:
    return PromqlSyntaxError(
        "The query is nested too deeply to be checked.",
        span,
        "compute its parts in recording rules, or write a regular expression instead of a long chain",
    )
