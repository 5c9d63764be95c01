"""``humanizeDuration`` reads seconds and ``humanizePercentage`` parts of one; a value in another unit shows wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from staging_validation.alerts.model import AlertingRule
from staging_validation.alerts.templates import TemplateUse, UseKind
from staging_validation.lint.alert_facts import AlertText, alert_texts, readable
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.quantities import UnitOf

_SECONDS = UnitOf("time")
_PERCENT = UnitOf("ratio", 0.01)
_READS: Mapping[str, tuple[UnitOf, str]] = {
    "humanizeDuration": (_SECONDS, "seconds"),
    "humanizePercentage": (UnitOf("ratio"), "parts of one, 0.25 for 25 %"),
    "humanizeTimestamp": (UnitOf("timestamp"), "seconds since 1970"),
}
"""What functions take a value for."""

_BEHIND: Mapping[str, UnitOf] = {
    **dict.fromkeys(("%", "percent"), _PERCENT),
    **dict.fromkeys(("ms", "milliseconds"), UnitOf("time", 1e-3)),
    **dict.fromkeys(("s", "sec", "seconds"), _SECONDS),
    **dict.fromkeys(("min", "minutes"), UnitOf("time", 60.0)),
    **dict.fromkeys(("h", "hours"), UnitOf("time", 3600.0)),
    **dict.fromkeys(("d", "days"), UnitOf("time", 86400.0)),
    **dict.fromkeys(("USD", "dollars"), UnitOf("money")),
    "cents": UnitOf("money", 0.01),
    **dict.fromkeys(("B", "bytes"), UnitOf("data")),
    **dict.fromkeys(("bits",), UnitOf("data", 0.125)),
}
"""What a word directly behind a value says of it."""

_WORD = re.compile(r"\s?(%|[A-Za-z]+(?![A-Za-z/]))")
_PERCENT_IN_PATTERN = re.compile(r'printf\s+"[^"]*%[-+# 0-9.]*[a-zA-Z]\s?%%')
_BLOCKS = re.compile(r"\{\{-?\s*(?:if|else|with|range|template|define|block)\b")
_UNCHANGED = frozenset({"printf", "print", "humanize", "humanize1024"})


def _check(rule: AlertingRule, context: Context) -> Iterator[Fault]:
    query = readable(context)
    unit = query.unit if query else None
    if unit is None:
        return
    for text in alert_texts(rule):
        for use in text.template.uses:
            if use.kind is UseKind.VALUE:
                fault = _of_function(text, use, unit) or _of_surroundings(text, use, unit)
                if fault is not None:
                    yield fault


def _of_function(text: AlertText, use: TemplateUse, unit: UnitOf) -> Fault | None:
    function = use.pipeline[0] if use.pipeline else ""
    if function not in _READS:
        return None
    wanted, words = _READS[function]
    if _same(unit, wanted):
        return None
    given = unit.name or f"{unit.dimension} of another scale"
    return _fault(
        text,
        use,
        f"{function} reads {words}, but the value is in {given}, so the {text.what} shows {_wrong(unit, wanted)}.",
        _remedy(unit, wanted, function),
    )


def _same(unit: UnitOf, wanted: UnitOf) -> bool:
    return unit.same_kind(wanted) and math.isclose(unit.scale, wanted.scale, rel_tol=1e-9)


def _wrong(unit: UnitOf, wanted: UnitOf) -> str:
    if not unit.same_kind(wanted):
        return "something that the value is not"
    factor = wanted.scale / unit.scale
    return f"{factor:g} times as much" if factor > 1 else f"a {1 / factor:g}th of it"


def _remedy(unit: UnitOf, wanted: UnitOf, function: str) -> str:
    if not unit.same_kind(wanted):
        return "use humanize, and write the unit behind it"
    factor = wanted.scale / unit.scale
    change = f"divide by {factor:g}" if factor > 1 else f"multiply by {1 / factor:g}"
    return f"{change} in the query (and its threshold), or use printf with the unit behind it, without {function}"


def _of_surroundings(text: AlertText, use: TemplateUse, unit: UnitOf) -> Fault | None:
    """Find a sign or word beside the value that says another unit of the same kind."""
    start, end = text.text.rfind("{{", 0, use.span.start), text.text.find("}}", use.span.end)
    if start < 0 or end < 0 or _BLOCKS.match(text.text, start) or not _UNCHANGED.issuperset(use.pipeline):
        return None
    said = _said(text.text, start, end)
    if said is None:
        return None
    word, wanted = said
    if not unit.same_kind(wanted) or _same(unit, wanted):
        return None
    return _fault(
        text,
        use,
        f"The {text.what} says {word}, but the value is in {unit.name or 'another scale'}: it shows "
        f"{_shown_factor(unit, wanted)} the number.",
        "use humanizePercentage, and leave the % out"
        if wanted == _PERCENT and _same(unit, UnitOf("ratio"))
        else f"convert the value in the query (and its threshold), or write {unit.name or 'its unit'}",
    )


def _said(text: str, start: int, end: int) -> tuple[str, UnitOf] | None:
    """Return the sign or word that stands beside an action, and what it means."""
    if _PERCENT_IN_PATTERN.search(text, start, end):
        return "%", _PERCENT
    behind = _WORD.match(text, end + 2)
    if behind and behind[1] in _BEHIND:
        return behind[1], _BEHIND[behind[1]]
    return ("$", UnitOf("money")) if text[:start].endswith("$") else None


def _shown_factor(unit: UnitOf, wanted: UnitOf) -> str:
    factor = wanted.scale / unit.scale
    return f"{factor:g} times" if factor > 1 else f"a {1 / factor:g}th of"


def _fault(text: AlertText, use: TemplateUse, message: str, remedy: str) -> Fault:
    return Fault(
        message,
        remedy,
        pointer=text.pointer,
        evidence={"template": text.text, "at": text.text[slice(*use.span)]},
    )


RULE = Rule(
    id="alert-template-unit",
    summary="A text of an alert shows the value in another unit than the query's.",
    severity=Severity.ERROR,
    subject=AlertingRule,
    check=_check,
    classes=("R6",),
    needs_catalogue=True,
)
