"""Reads series selectors: names, matchers, windows, ``offset`` and ``@``."""

from __future__ import annotations

from staging_validation.promql.cursor import Cursor
from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.lexer import Token, place, read_window
from staging_validation.promql.literals import read_duration, read_number
from staging_validation.promql.slips import shown, unexpected
from staging_validation.promql.tree import (
    At,
    Duration,
    Expr,
    Matcher,
    MatchOperator,
    MatrixSelector,
    Name,
    Span,
    Subquery,
    VectorSelector,
)

_MAY_FOLLOW = frozenset({"window", "bad", "@", "word"})
_OPERATORS = {operator.value: operator for operator in MatchOperator}


class SelectorReader(Cursor):
    """Reads what selects series."""

    __slots__ = ()

    def selector(self, metric: Name | None) -> VectorSelector:
        """Read the braces of a selector, if there are any.

        Args:
            metric: The name that was read in front of them.

        Returns:
            The selector.

        Raises:
            PromqlSyntaxError: The braces are not well formed.
        """
        start = self.token.start if metric is None else metric.span.start
        if self.token.kind != "{":
            return VectorSelector(place((start, self.last.end)), metric)
        opening = self.advance()
        matchers: list[Matcher] = []
        while self.token.kind != "}":
            found = self._matcher()
            if isinstance(found, Matcher):
                matchers.append(found)
            elif metric is None:
                metric = found
            elif metric.span.start == start:
                raise _second_name(metric, found)
            else:
                # Prometheus takes a second quoted name for one more matcher, which then finds nothing.
                name = Name(found.span, "__name__")
                matchers.append(Matcher(found.span, name, MatchOperator.EQUAL, found.text, found.span))
            if self.token.kind != ",":
                break
            self.advance()
        self.close("}", opening, 'a ","')
        return VectorSelector(place((start, self.last.end)), metric, tuple(matchers))

    def with_modifiers(self, expr: Expr) -> Expr:
        """Read what may follow an expression: a window, ``offset``, ``@``.

        Args:
            expr: The expression.

        Returns:
            It, with what follows it.

        Raises:
            PromqlSyntaxError: Something may not follow this expression.
        """
        while True:
            kind = self.token.kind
            if kind not in _MAY_FOLLOW:
                return expr
            if kind == "window" or (kind == "bad" and self.token.text == "["):
                expr = self._window(expr)
            elif kind == "@":
                expr = self._at(expr)
            elif kind == "word" and self.token.text.lower() == "offset":
                expr = self._offset(expr)
            else:
                return expr

    def _matcher(self) -> Matcher | Name:
        name = self.token
        if name.kind == "string":
            label = Name(place((name.start, name.end)), self.string())
            if self.token.kind not in _OPERATORS:
                return label
        elif name.kind == "word" and ":" not in name.text:
            self.advance()
            label = Name(place((name.start, name.end)), name.text)
        else:
            raise unexpected(name, "a label", _instead_of_matcher(name.kind))
        operator = _OPERATORS.get(self.token.kind)
        if operator is None:
            doubled = self.token.kind == "=="
            raise unexpected(
                self.token,
                'one of "=", "!=", "=~", "!~"',
                'a matcher has a single "=": {label="value"}' if doubled else None,
            )
        self.advance()
        value = self.token
        if value.kind != "string":
            raise unexpected(value, "a value in quotes", _instead_of_value(value.kind))
        return Matcher(
            place((name.start, value.end)), label, operator, self.string(), place((value.start, value.end))
        )

    def _window(self, expr: Expr) -> Expr:
        token = self.advance()
        pieces = read_window(self.text, token)
        if pieces is None:
            raise self._no_window(token)
        length = self._duration(Span(*pieces.length), longer_than_zero=True)
        span = place((expr.span.start, token.end))
        if pieces.subquery:
            step = self._duration(Span(*pieces.step), longer_than_zero=True) if pieces.step else None
            return Subquery(span, expr, length, step)
        if not isinstance(expr, VectorSelector):
            raise PromqlSyntaxError(
                f"The window {shown(token.text)} follows something that is no plain series selector.",
                place((token.start, token.end)),
                f"put the window behind the metric, or make it a subquery: {shown(token.text)[1:-2]}:]",
            )
        if expr.offset is not None or expr.at is not None:
            raise PromqlSyntaxError(
                f"The window {shown(token.text)} stands behind offset or @.",
                place((token.start, token.end)),
                "write the window first: metric[5m] offset 1h",
            )
        return MatrixSelector(span, expr, length)

    def _offset(self, expr: Expr) -> Expr:
        keyword = self.advance()
        sign = self.advance() if self.token.kind in {"-", "+"} else None
        token = self.token
        if token.kind not in {"duration", "number"}:
            raise unexpected(
                token, "a duration", None if token.kind == "bad" else "write how far back: offset 5m"
            )
        self.advance()
        duration = self._duration(place((token.start, token.end)), longer_than_zero=False)
        if sign is not None:
            seconds = -duration.seconds if sign.kind == "-" else duration.seconds
            duration = Duration(place((sign.start, token.end)), seconds)
        holder = _holder(expr, place((keyword.start, token.end)), "offset")
        if holder.offset is not None:
            raise _twice("offset", place((keyword.start, token.end)))
        return _modified(expr, holder, token.end, offset=duration, at=holder.at)

    def _at(self, expr: Expr) -> Expr:
        sign = self.advance()
        timestamp = self._timestamp()
        span = place((sign.start, self.last.end))
        holder = _holder(expr, span, "@")
        if holder.at is not None:
            raise _twice("@", span)
        return _modified(expr, holder, self.last.end, offset=holder.offset, at=At(span, timestamp))

    def _timestamp(self) -> float | str:
        word = self.word()
        if word in {"start", "end"}:
            self.advance()
            opening = self.take("(", f'the "()" of {word}()')
            self.close(")", opening, f'the ")" of {word}()')
            return word
        sign = self.advance().kind if self.token.kind in {"-", "+"} else "+"
        token = self.token
        value = read_number(token.text) if token.kind == "number" else read_duration(token.text)
        if value is None or token.kind not in {"number", "duration"}:
            raise unexpected(token, "a Unix time in seconds, start() or end()")
        self.advance()
        return -value if sign == "-" else value

    def _duration(self, span: Span, *, longer_than_zero: bool) -> Duration:
        text = self.text[span.start : span.end]
        seconds = read_duration(text)
        if seconds is None:
            seconds = read_number(text.lstrip("+-"))
        if seconds is None or seconds == float("inf"):
            raise PromqlSyntaxError(
                f"{shown(text)} is no duration.",
                span,
                "write whole numbers with the units y, w, d, h, m, s, ms, the longest first: 1h30m",
            )
        if longer_than_zero and (seconds <= 0 or text.startswith("-")):
            raise PromqlSyntaxError(
                f"{shown(text)} is not longer than zero.", span, "write a longer duration: 5m"
            )
        return Duration(span, seconds)

    def _no_window(self, opening: Token) -> PromqlSyntaxError:
        """Say why the text behind a ``[`` is no window."""
        inner = self.text[opening.end :]
        content = inner.partition("]")[0].strip()
        start = opening.end + len(inner) - len(inner.lstrip())
        span = Span(start, start + len(content))
        if "]" not in inner:
            return PromqlSyntaxError(
                f'The "[" at character {opening.start + 1} is never closed.',
                Span(opening.start, opening.end),
                "close the window: [5m]",
            )
        if not content:
            return PromqlSyntaxError(
                "The window is empty.", Span(opening.start, start + 1), "write how long it is: [5m]"
            )
        if content.startswith("$"):
            return unexpected(Token("bad", content, *span), "a duration")
        return PromqlSyntaxError(
            f"{shown(content)} is no window.",
            span,
            "write [5m], or [1h:5m] for a subquery; computing with durations is experimental in Prometheus",
        )


def _holder(expr: Expr, span: Span, modifier: str) -> VectorSelector | Subquery:
    holder = expr.vector if isinstance(expr, MatrixSelector) else expr
    if isinstance(holder, (VectorSelector, Subquery)):
        return holder
    raise PromqlSyntaxError(
        f"{modifier} follows something that is no series selector and no subquery.",
        span,
        f"put {modifier} behind the metric it is meant for, in front of the closing parenthesis",
    )


def _modified(
    expr: Expr, holder: VectorSelector | Subquery, end: int, *, offset: Duration | None, at: At | None
) -> Expr:
    span = place((expr.span.start, end))
    if isinstance(holder, Subquery):
        return Subquery(span, holder.expr, holder.window, holder.step, offset, at)
    if isinstance(expr, MatrixSelector):
        vector = VectorSelector(holder.span, holder.metric, holder.matchers, offset, at)
        return MatrixSelector(span, vector, expr.window)
    return VectorSelector(span, holder.metric, holder.matchers, offset, at)


def _second_name(first: Name, second: Name) -> PromqlSyntaxError:
    return PromqlSyntaxError(
        f"The selector names two metrics: {shown(first.text)} and {shown(second.text)}.",
        second.span,
        'keep one of them; a label has an operator and a value: {"label"="value"}',
    )


def _twice(modifier: str, span: Span) -> PromqlSyntaxError:
    return PromqlSyntaxError(f"{modifier} stands twice behind one selector.", span, "keep one of them")


def _instead_of_matcher(kind: str) -> str | None:
    if kind == ",":
        return "matchers are parted by one comma each, and none stands in front of the first"
    if kind == "word":
        return "a label's name has no colon; other names stand in quotes"
    return None


def _instead_of_value(kind: str) -> str | None:
    return 'put the value into quotes: {label="value"}' if kind in {"word", "number", "duration"} else None
