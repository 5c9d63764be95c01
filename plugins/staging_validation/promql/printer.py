"""Writes an expression in one line, in one canonical form."""

from __future__ import annotations

from staging_validation.promql.lexer import tokenize
from staging_validation.promql.tree import (
    Aggregation,
    At,
    Binary,
    Call,
    Duration,
    Expr,
    Grouping,
    Matcher,
    Matching,
    MatrixSelector,
    Name,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)

_UNITS = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


def to_text(expr: Expr) -> str:
    """Write an expression.

    Args:
        expr: The expression, as :func:`staging_validation.promql.parser.parse` gives it.

    Returns:
        One line that reads to an equal tree, but for the places.
    """
    if isinstance(expr, NumberLiteral):
        return _number(expr.value)
    if isinstance(expr, StringLiteral):
        return quoted(expr.value)
    if isinstance(expr, VectorSelector):
        return _selected(expr) + _modifiers(expr)
    if isinstance(expr, MatrixSelector):
        return f"{_selected(expr.vector)}[{_duration(expr.window)}]{_modifiers(expr.vector)}"
    if isinstance(expr, Paren):
        return f"({to_text(expr.expr)})"
    if isinstance(expr, Unary):
        return f"{expr.operator.text}{to_text(expr.expr)}"
    return _composed(expr)


def quoted(value: str) -> str:
    """Write a string with double quotes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_ESCAPES.get(character, character) for character in escaped) + '"'


_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _composed(expr: Subquery | Call | Aggregation | Binary) -> str:
    if isinstance(expr, Binary):
        modifiers = (" bool" if expr.returns_bool else "") + (
            _matching(expr.matching) if expr.matching else ""
        )
        return f"{to_text(expr.left)} {expr.operator.text}{modifiers} {to_text(expr.right)}"
    if isinstance(expr, Call):
        return f"{expr.function.text}({', '.join(map(to_text, expr.arguments))})"
    if isinstance(expr, Subquery):
        step = _duration(expr.step) if expr.step is not None else ""
        return f"{to_text(expr.expr)}[{_duration(expr.window)}:{step}]{_modifiers(expr)}"
    grouping = f" {_grouping(expr.grouping)} " if expr.grouping is not None else ""
    parameter = f"{to_text(expr.parameter)}, " if expr.parameter is not None else ""
    return f"{expr.operator.text}{grouping}({parameter}{to_text(expr.expr)})"


def _selected(selector: VectorSelector) -> str:
    matchers = list(map(_matcher, selector.matchers))
    metric = selector.metric
    if metric is None:
        return f"{{{', '.join(matchers)}}}"
    if not _is_metric(metric.text) or _is_named_again(selector, metric):
        return f"{{{', '.join([quoted(metric.text), *matchers])}}}"
    return f"{metric.text}{{{', '.join(matchers)}}}" if matchers else metric.text


def _is_named_again(selector: VectorSelector, metric: Name) -> bool:
    # In front of the braces the name would be refused next to a second one; inside them it is a matcher.
    inside = metric.span.start > selector.span.start
    return inside and any(matcher.label.text == "__name__" for matcher in selector.matchers)


def _is_metric(name: str) -> bool:
    return _is_word(name) and name.lower() not in _NO_METRICS


_NO_METRICS = frozenset({"atan2", "bool", "group_left", "group_right", "ignoring", "inf", "nan", "on"})


def _matcher(matcher: Matcher) -> str:
    name = matcher.label.text
    label = name if _is_word(name) and ":" not in name else quoted(name)
    return f"{label}{matcher.operator.value}{quoted(matcher.value)}"


def _modifiers(expr: VectorSelector | Subquery) -> str:
    at = f" @ {_time(expr.at)}" if expr.at is not None else ""
    if expr.offset is None:
        return at
    sign = "-" if expr.offset.seconds < 0 else ""
    return f"{at} offset {sign}{_milliseconds(abs(expr.offset.seconds))}"


def _time(at: At) -> str:
    return f"{at.timestamp}()" if isinstance(at.timestamp, str) else _number(at.timestamp)


def _duration(duration: Duration) -> str:
    return _milliseconds(duration.seconds)


def _milliseconds(seconds: float) -> str:
    rest = round(seconds * 1000)
    if rest / 1000 != seconds:
        return repr(seconds)
    text = ""
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _number(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _matching(matching: Matching) -> str:
    text = f" {'on' if matching.on else 'ignoring'} {_labels(matching.labels)}"
    if matching.group is None:
        return text
    return f"{text} group_{matching.group} {_labels(matching.include)}"


def _grouping(grouping: Grouping) -> str:
    return f"{'without' if grouping.without else 'by'} {_labels(grouping.labels)}"


def _labels(names: tuple[Name, ...]) -> str:
    return f"({', '.join(_label(name.text) for name in names)})"


def _label(name: str) -> str:
    known = _is_word(name) and ":" not in name and name.lower() not in {"inf", "nan", "without"}
    return name if known else quoted(name)


def _is_word(name: str) -> bool:
    tokens = tokenize(name)
    return tokens[0].kind == "word" and tokens[0].text == name
