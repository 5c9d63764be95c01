"""Reads the Go templates of labels and annotations: what they use of an alert, and what is wrong with them.

What Go's own parser refuses is a fault with ``refused``; what fails only when the alert fires (it then shows
``<error expanding template>``) is one without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from staging_validation.alerts.template_functions import VARIABLES, Kind
from staging_validation.alerts.template_lexer import Action, TemplateFault, Token, actions
from staging_validation.alerts.template_pipelines import Pipelines
from staging_validation.alerts.template_uses import TemplateUse, UseKind
from staging_validation.promql.tree import Span

__all__ = ["Template", "TemplateFault", "TemplateUse", "UseKind", "read_template"]

_OPENING = frozenset({"if", "with", "range", "define", "block"})
_NAMED = frozenset({"define", "block", "template"})
_LOOPING = frozenset({"break", "continue"})
_CONTINUED = {"if": "if", "with": "with"}
"""What may follow else in which block; else with needs Prometheus 3."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template, read.

    Attributes:
        uses: What it uses, in the order of its text.
        faults: What is wrong with it, in the order of its text.
    """

    uses: tuple[TemplateUse, ...] = ()
    faults: tuple[TemplateFault, ...] = ()


@dataclass(frozen=True, slots=True)
class _Block:
    """An open block, and what holds again after it."""

    keyword: str
    span: Span
    dot: Kind
    variables: dict[str, Kind]
    closed: bool = False  # its last branch has begun: only the end may follow


@lru_cache(maxsize=1024)
def read_template(text: str) -> Template:
    """Read the template of a label or an annotation.

    Args:
        text: The template.

    Returns:
        Its uses and faults; their spans are places in the text.
    """
    if "{" not in text and "$" not in text:
        return Template()
    found, faults = actions(text)
    reader = _Blocks()
    for action in found:
        reader.read(action)
    if not faults:  # where an action could not be read, the end may have been in it
        reader.finish()
    every = (*faults, *reader.pipelines.faults)
    return Template(reader.pipelines.uses(), tuple(sorted(every, key=lambda fault: fault.span)))


class _Blocks:
    """Follows the blocks of a template: which variables there are, and what the dot is."""

    def __init__(self) -> None:
        self.pipelines = Pipelines()
        self._open: list[_Block] = []
        self._dot = Kind.DATA
        self._variables = dict(VARIABLES)

    def read(self, action: Action) -> None:
        tokens = action.tokens
        keyword = tokens[0].text if tokens and tokens[0].kind == "word" else ""
        if keyword in _NAMED and (len(tokens) < 2 or tokens[1].kind != "string"):
            self._fault(
                f"{keyword} needs a name in quotes.", action.span, f'write {{{{ {keyword} "name" }}}}'
            )
        if keyword in _OPENING:
            self._begin(keyword, action)
        elif keyword == "else":
            self._else(action)
        elif keyword == "end":
            self._end(action)
        elif keyword in _LOOPING:
            if all(block.keyword != "range" or block.closed for block in self._open):
                self._fault(f"{keyword} stands outside of any range.", action.span, "remove it")
        elif keyword == "template":
            if len(tokens) > 2:
                self._pipeline(keyword, tokens[2:], action.span)
        else:
            self._pipeline(keyword, tokens, action.span)

    def finish(self) -> None:
        for block in self._open:
            self._fault(f"The block {block.keyword} is not ended.", block.span, "write {{ end }} after it")

    def _begin(self, keyword: str, action: Action) -> None:
        if keyword == "define" and self._open:
            self._fault("define stands inside of another block.", action.span, "put it before all others")
        self._open.append(_Block(keyword, action.span, self._dot, dict(self._variables)))
        if keyword == "define":  # a template of its own: only what it is called with is known there
            self._dot, self._variables = Kind.OTHER, {"$": Kind.OTHER}
            return
        self._enter(keyword, action.tokens[2 if keyword == "block" else 1 :], action.span)

    def _enter(self, keyword: str, tokens: Sequence[Token], span: Span) -> None:
        names, kind = self._pipeline(keyword, tokens, span)
        if keyword == "range":
            element = {Kind.SAMPLES: Kind.SAMPLE, Kind.LABELS: Kind.TEXT}.get(kind, Kind.OTHER)
            for name in names[:-1]:
                self._variables[name] = Kind.OTHER
            if names:
                self._variables[names[-1]] = element
            self._dot = element
        elif keyword == "with":
            self._dot = kind
        elif keyword == "block":
            self._dot, self._variables = kind, {"$": kind}

    def _else(self, action: Action) -> None:
        if not self._open or self._open[-1].closed:
            where = "follows the last branch of a block" if self._open else "stands outside of any block"
            self._fault(
                f"else {where}.", action.span, "begin a block with {{ if … }}, and end it with one else"
            )
            return
        block = self._open[-1]
        self._dot = block.dot
        if len(action.tokens) == 1:
            self._open[-1] = replace(block, closed=True)
        elif action.tokens[1].text != _CONTINUED.get(block.keyword):
            self._fault(
                f"else {action.tokens[1].text} cannot continue {block.keyword}.",
                action.span,
                f"write {{{{ else }}}}{{{{ {action.tokens[1].text} … }}}}, and one more end",
            )
        else:
            self._enter(action.tokens[1].text, action.tokens[2:], action.span)

    def _end(self, action: Action) -> None:
        if not self._open:
            self._fault("end closes no block.", action.span, "remove it")
            return
        block = self._open.pop()
        self._dot, self._variables = block.dot, block.variables

    def _pipeline(self, keyword: str, tokens: Sequence[Token], span: Span) -> tuple[list[str], Kind]:
        names, kind = self.pipelines.read(tokens, span, variables=self._variables, dot=self._dot)
        if len(names) > 1 and keyword != "range":
            self._fault("Only range declares two variables.", span, "declare one")
        return names, kind

    def _fault(self, message: str, span: Span, remedy: str) -> None:
        self.pipelines.faults.append(TemplateFault(message, span, remedy))
