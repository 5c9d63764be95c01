"""Reads the pipelines of a template's actions."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from staging_validation.alerts.template_calls import call_faults
from staging_validation.alerts.template_functions import (
    DATA_FIELDS,
    ELSEWHERE,
    FUNCTIONS,
    SAMPLE_FIELDS,
    Kind,
)
from staging_validation.alerts.template_lexer import TemplateFault, Token
from staging_validation.alerts.template_uses import Operand, Source, TemplateUse, UseKind
from staging_validation.promql.tree import Span

_DEEPEST = 50
_CONSTANTS = frozenset({"true", "false", "nil"})
_FAILS = "so the alert shows an error in place of the text"


class Pipelines:
    """Reads pipelines, one after the other, and notes what they use.

    Attributes:
        faults: What is wrong so far.
    """

    def __init__(self) -> None:
        self.faults: list[TemplateFault] = []
        self._uses: list[TemplateUse | Source] = []
        self._tokens: Sequence[Token] = ()
        self._next = 0
        self._too_deep = False
        self._variables: dict[str, Kind] = {}
        self._dot = Kind.DATA

    def uses(self) -> tuple[TemplateUse, ...]:
        """Return what was used, in the order of the template."""
        uses = (use.use() if isinstance(use, Source) else use for use in self._uses)
        return tuple(sorted(uses, key=lambda use: use.span))

    def read(
        self, tokens: Sequence[Token], span: Span, *, variables: dict[str, Kind], dot: Kind
    ) -> tuple[list[str], Kind]:
        """Read one pipeline.

        Args:
            tokens: The tokens, without the keyword before them.
            span: The action's place.
            variables: The variables that are declared; those that the pipeline declares are added.
            dot: What the dot is.

        Returns:
            The variables that the pipeline declares or sets, and what it results in.
        """
        self._tokens, self._next, self._variables, self._dot = tokens, 0, variables, dot
        names = self._declared()
        result = self._pipeline(span, depth=0)
        if token := self._peek():
            self._fault("A parenthesis is closed that was not opened.", token.span, "remove it")
        for name in names:
            variables[name] = result.kind
        return names, result.kind

    def _declared(self) -> list[str]:
        """Read ``$name :=`` or ``$key, $value :=`` where the pipeline begins so."""
        position = 0
        names = []
        while position < len(self._tokens) and self._tokens[position].kind == "variable":
            names.append(self._tokens[position].text)
            following = self._tokens[position + 1 : position + 2]
            if following and following[0].kind == "declare":
                if following[0].text == "=":  # Go's parser does not look whether there is one to be set
                    self._undefined(self._tokens[position], refused=False)
                self._next = position + 2
                return names
            if not following or following[0].text != ",":
                break
            position += 2
        return []

    def _pipeline(self, span: Span, *, depth: int) -> Operand:
        result = self._command(span, None, depth=depth)
        while self._peek_is("|"):
            bar = self._take()
            result = self._command(bar.span, result, depth=depth)
        return result

    def _command(self, span: Span, piped: Operand | None, *, depth: int) -> Operand:
        """Read one command: a function with its arguments, or a value alone."""
        first = self._peek()
        if first is None or (first.kind == "punctuation" and first.text in {"|", ")"}):
            return self._nothing(first, span, piped)
        if first.kind == "word" and first.text not in _CONSTANTS:
            self._take()
            return self._call(first, self._arguments(depth), piped)
        value = self._operand(depth)
        if arguments := self._arguments(depth):
            self._fault(
                f"{first.text} is no function and takes no arguments, {_FAILS}.", arguments[0].span,
                "put | before it, or the function in front", refused=False,
            )  # fmt: skip
        if piped is not None:
            self._fault(
                f"{first.text} is no function, so nothing can be piped into it.", first.span,
                "pipe into a function: {{ $value | humanize }}", refused=first.kind not in {"variable", "field"},
            )  # fmt: skip
        return value

    def _nothing(self, following: Token | None, span: Span, piped: Operand | None) -> Operand:
        """Note that a command is missing; Go forgives a bar at the pipeline's end."""
        if piped is not None and (following is None or following.text == ")"):
            self._fault(
                "Nothing follows the bar.", span, "name a function after it, or remove it", refused=False
            )
            return piped
        self._fault("A value is missing.", span, "write what is to be shown, or remove the braces")
        return Operand(Kind.OTHER, span)

    def _arguments(self, depth: int) -> list[Operand]:
        found = []
        while (token := self._peek()) and not (token.kind == "punctuation" and token.text in {"|", ")"}):
            found.append(self._operand(depth))
        return found

    def _operand(self, depth: int) -> Operand:
        token = self._take()
        if token.text == "(":
            return self._parenthesised(token, depth)
        if token.kind == "variable":
            return self._fields(self._variable(token))
        if token.kind == "field":
            self._next -= 1
            return self._fields(Operand(self._dot, Span(token.span.start, token.span.start)))
        if token.kind == "dot":
            return self._whole(Operand(self._dot, token.span))
        if token.kind == "word" and token.text not in _CONSTANTS:
            return self._call(token, [], None)
        if token.kind == "string":
            return Operand(Kind.TEXT, token.span, literal=token.text[1:-1])
        if token.kind in {"declare", "punctuation"}:
            self._fault(f"{token.text!r} is out of place here.", token.span, "remove it")
        return Operand(Kind.OTHER, token.span)

    def _parenthesised(self, opening: Token, depth: int) -> Operand:
        if depth >= _DEEPEST:
            self._fault("The template is nested too deeply.", opening.span, "compute it in the rule's query")
            self._next = len(self._tokens)
            self._too_deep = True
            return Operand(Kind.OTHER, opening.span)
        inner = self._pipeline(opening.span, depth=depth + 1)
        if self._peek_is(")"):
            inner = replace(inner, span=Span(opening.span.start, self._take().span.end), literal=None)
        elif not self._too_deep:
            self._fault("The parenthesis is not closed.", opening.span, "close it")
        return self._fields(inner)

    def _variable(self, token: Token) -> Operand:
        kind = self._variables.get(token.text)
        if kind is None:
            self._undefined(token)
        operand = Operand(kind or Kind.OTHER, token.span)
        return self._noted(operand, UseKind.VALUE, "") if kind is Kind.NUMBER else operand

    def _undefined(self, token: Token, *, refused: bool = True) -> None:
        if token.text not in self._variables:
            near = difflib.get_close_matches(token.text, list(self._variables), n=1)
            remedy = f"did you mean {near[0]}?" if near else "known are $labels, $value and $externalLabels"
            self._fault(f"The variable {token.text} is not defined.", token.span, remedy, refused=refused)

    def _fields(self, operand: Operand) -> Operand:
        """Read the fields that follow a value at once: ``.Labels.plan``."""
        followed = False
        while (token := self._peek()) and token.kind == "field" and token.span.start == operand.span.end:
            self._take()
            followed = True
            operand = self._field(operand, token)
        return operand if followed else self._whole(operand)

    def _field(self, operand: Operand, token: Token) -> Operand:
        name = token.text[1:]
        span = Span(operand.span.start, token.span.end)
        if operand.kind in (Kind.LABELS, Kind.EXTERNAL_LABELS):
            use = UseKind.LABEL if operand.kind is Kind.LABELS else UseKind.EXTERNAL_LABEL
            return self._noted(Operand(Kind.TEXT, span), use, name)
        known = {Kind.DATA: DATA_FIELDS, Kind.SAMPLE: SAMPLE_FIELDS}.get(operand.kind)
        if known is not None and name in known:
            found = Operand(known[name], span, operand.sources)
            of_alert = operand.kind is Kind.DATA and found.kind is Kind.NUMBER
            return self._noted(found, UseKind.VALUE, "") if of_alert else found
        if operand.kind is not Kind.OTHER:
            self._no_field(operand, name, span, known or ())
        return Operand(Kind.OTHER, span, operand.sources)

    def _no_field(self, operand: Operand, name: str, span: Span, known: Iterable[str]) -> None:
        if operand.kind is Kind.SAMPLES:
            remedy = "pipe it into first, or range over it"
        else:
            near = difflib.get_close_matches(name.capitalize(), list(known), n=1)
            remedy = f"did you mean .{near[0]}?" if near else "remove it; labels are $labels.NAME"
        self._fault(f"{operand.kind.value} has no field {name}, {_FAILS}.", span, remedy, refused=False)

    def _whole(self, operand: Operand) -> Operand:
        return self._noted(operand, UseKind.LABEL, "") if operand.kind is Kind.LABELS else operand

    def _call(self, name: Token, arguments: list[Operand], piped: Operand | None) -> Operand:
        given = [*arguments, *([piped] if piped else [])]
        function = FUNCTIONS.get(name.text)
        span = Span(
            name.span.start, max(operand.span.end for operand in (*arguments, Operand(Kind.OTHER, name.span)))
        )
        if function is None:
            self._unknown_function(name)
            return Operand(Kind.OTHER, span, is_call=True)
        self._uses.append(TemplateUse(UseKind.FUNCTION, name.text, name.span))
        if name.text == "query":
            self._query(name, given)
        self.faults.extend(call_faults(name, function, given))
        sources = tuple(source for operand in given for source in operand.sources)
        if name.text == "index" and len(given) > 1 and given[0].kind is Kind.LABELS:
            self._indexed(given)
        else:
            for source in sources:
                source.pipeline.append(name.text)
        text = function.result is Kind.TEXT and name.text != "strvalue"
        return Operand(function.result, span, sources, formatted=text, is_call=True)

    def _unknown_function(self, name: Token) -> None:
        near = difflib.get_close_matches(name.text, list(FUNCTIONS), n=1)
        if name.text in ELSEWHERE:
            remedy = "Prometheus does not have it: compute in the rule's query"
        else:
            remedy = (
                f"did you mean {near[0]}?" if near else "use a function of Prometheus' template reference"
            )
        self._fault(f"The function {name.text} is not defined.", name.span, remedy)

    def _query(self, name: Token, given: list[Operand]) -> None:
        literal = given[0].literal if given else None
        span = given[0].span if given else name.span
        inner = Span(span.start + 1, span.end - 1) if literal is not None else span
        self._uses.append(TemplateUse(UseKind.QUERY, literal or "", inner))

    def _indexed(self, given: list[Operand]) -> None:
        """Turn the use of all labels into that of the one that is taken out."""
        if given[1].literal is not None:
            for source in given[0].sources:
                source.name = given[1].literal

    def _noted(self, operand: Operand, kind: UseKind, name: str) -> Operand:
        source = Source(kind, name, operand.span)
        self._uses.append(source)
        return Operand(operand.kind, operand.span, (*operand.sources, source))

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _peek_is(self, text: str) -> bool:
        token = self._peek()
        return token is not None and token.kind == "punctuation" and token.text == text

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _fault(self, message: str, span: Span, remedy: str, *, refused: bool = True) -> None:
        self.faults.append(TemplateFault(message, span, remedy, refused))
