"""What is wrong with a call in a template: the number of arguments, and what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from staging_validation.alerts.template_functions import NUMERIC_FUNCTIONS, Kind, TemplateFunction
from staging_validation.alerts.template_lexer import TemplateFault, Token
from staging_validation.alerts.template_uses import Operand

_VERB = re.compile(r"%(?:%|[-+# 0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?([a-zA-Z]))")
_FOR_NUMBERS = frozenset("eEfFgGv")
_FOR_TEXTS = frozenset("sqvxX")


def call_faults(name: Token, function: TemplateFunction, given: Sequence[Operand]) -> Iterator[TemplateFault]:
    """Yield what is wrong with a call; all of it shows only when the alert fires.

    Args:
        name: The function's name.
        function: What it takes.
        given: Its arguments, the piped one last.
    """
    count = len(given)
    if count < function.fewest or (function.most is not None and count > function.most):
        few = count < function.fewest
        wanted = function.fewest if few else function.most
        yield TemplateFault(
            f"{name.text} takes {'at least ' if few and function.most is None else ''}{wanted} "
            f"argument{'' if wanted == 1 else 's'} and gets {count}, so the alert shows an error in place of the text.",
            name.span,
            f"write {{{{ $value | {name.text} }}}}" if function.most == 1 else "correct the arguments",
            refused=False,
        )
    elif name.text in NUMERIC_FUNCTIONS and given[-1].formatted:
        yield TemplateFault(
            f"{name.text} needs a number, but gets the text that another function made of it, so the alert shows an "
            "error in place of the text.",
            name.span,
            "use one of the two functions",
            refused=False,
        )
    elif name.text == "printf" and given[0].literal is not None:
        yield from _printf_faults(given[0].literal, given)


def _printf_faults(pattern: str, given: Sequence[Operand]) -> Iterator[TemplateFault]:
    verbs = [found[1] for found in _VERB.finditer(pattern) if found[1]]
    arguments = given[1:]
    if len(verbs) != len(arguments) and "*" not in pattern and "%[" not in pattern:
        yield TemplateFault(
            f"printf has {len(verbs)} places in its text and {len(arguments)} values for them.",
            given[0].span,
            "give it one value for each %",
            refused=False,
        )
        return
    for verb, operand in zip(verbs, arguments, strict=False):
        if operand.kind is Kind.NUMBER and verb not in _FOR_NUMBERS:
            yield _unfit(verb, operand, "a number with a fraction", "%.2f, or %.0f for no decimals")
        elif operand.kind is Kind.TEXT and verb not in _FOR_TEXTS:
            yield _unfit(verb, operand, "a text", "%s")


def _unfit(verb: str, operand: Operand, what: str, remedy: str) -> TemplateFault:
    return TemplateFault(
        f"printf shows {what} with %{verb} as an error like %!{verb}(…).",
        operand.span,
        f"write {remedy}",
        refused=False,
    )
