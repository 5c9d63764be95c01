"""A variable with several values becomes ``(a|b)``, which only a regular expression understands."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Variable
from staging_validation.dashboards.variable_uses import Place, VariableUse
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.tree import Matcher, Span, VectorSelector

_REGEX = {"=": "=~", "!=": "!~"}
_LISTS = frozenset({"csv", "join", "raw"})
_ONE_EACH = frozenset({Place.DURATION, Place.NUMBER, Place.LABEL, Place.NAME, Place.FUNCTION})


def _check(query: Query, context: Context) -> Iterator[Fault]:
    if context.dashboard is None or not query.uses:
        return
    variables = context.dashboard.variables_of(context.panel)
    for use in query.uses:
        variable = variables.get(use.name)
        if variable is None or not variable.many or use.repeated:
            continue
        if use.place is Place.VALUE and use.operator in _REGEX:
            yield _compared(query, use, variable)
        elif use.place in _ONE_EACH and not (
            use.place is Place.LABEL and use.format.partition(":")[0] in _LISTS
        ):
            yield _elsewhere(query, use, variable)


def _compared(query: Query, use: VariableUse, variable: Variable) -> Fault:
    span = _written(query, use)
    matcher = _matcher(query, span)
    return Fault(
        f"${use.name} {_may_have(variable)}, but is compared with {use.operator}: as soon as two are chosen, or All, "
        f"Prometheus looks for one value named (a|b), and the query {_outcome(use.operator)}.",
        f"write {_REGEX[use.operator]} instead of {use.operator}",
        span=query.original(matcher.span) if matcher else span,
        evidence={"variable": use.name, "operator": use.operator},
    )


def _elsewhere(query: Query, use: VariableUse, variable: Variable) -> Fault:
    remedy = "let the variable have one value"
    if use.place is Place.LABEL:
        remedy += f", or write ${{{use.name}:csv}}"
    elif use.place is Place.NAME:
        remedy = f'write {{__name__=~"${use.name}"}}, or let the variable have one value'
    return Fault(
        f"${use.name} {_may_have(variable)}, but stands in {use.place.value}: as soon as two are chosen, or All, the "
        "query becomes (a|b) there, which Prometheus refuses.",
        remedy,
        span=_written(query, use),
        evidence={"variable": use.name, "place": use.place.value},
    )


def _may_have(variable: Variable) -> str:
    return "can have several values" if variable.multi else "can be All"


def _outcome(operator: str) -> str:
    return "finds nothing" if operator == "=" else "leaves nothing out"


def _written(query: Query, use: VariableUse) -> Span:
    return Span(use.span.start + query.offset, use.span.end + query.offset)


def _matcher(query: Query, use: Span) -> Matcher | None:
    """Return the matcher that a variable stands in."""
    for selector in query.pieces(VectorSelector):
        for matcher in selector.matchers:
            start, end = query.original(matcher.span)
            if start <= use.start and use.end <= end:
                return matcher
    return None


RULE = Rule(
    id="multi-value-equals",
    summary="A variable that can have several values stands where one is needed.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("C3",),
)
