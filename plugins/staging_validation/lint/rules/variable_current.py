"""A variable's saved value must be one that it offers, and no variable may need itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from staging_validation.dashboards.model import ALL, Dashboard, Variable
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import names_used, variable_field, variables_in
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_LISTED = frozenset({"custom", "interval"})
_AUTO = "$__auto"


def _check(subject: Variable | Dashboard, _context: Context) -> Iterator[Fault]:
    if isinstance(subject, Dashboard):
        yield from _cycles(subject)
        return
    place = variable_field(subject, "current")
    if ALL in subject.current and not subject.include_all and subject.type in (*_LISTED, "query"):
        yield Fault(
            f"All is chosen of ${subject.name}, which does not offer All: queries get {ALL} itself as the value and "
            "find nothing.",
            "choose one of its values and save the dashboard, or let it include All",
            pointer=place,
        )
    elif subject.type in _LISTED and subject.options and not subject.query.lstrip().startswith(("[{", "{")):
        offered = {*subject.options, ALL}
        missing = [value for value in subject.current if value not in offered and not value.startswith(_AUTO)]
        if missing:
            yield Fault(
                f"The value {missing[0]!r} is chosen of ${subject.name}, which does not offer it: the dashboard opens "
                "with a value that nobody can choose again.",
                f"choose one of {', '.join(subject.options[:6])} and save the dashboard",
                pointer=place,
                evidence={"current": list(subject.current), "offered": list(subject.options)},
            )


def _cycles(dashboard: Dashboard) -> Iterator[Fault]:
    variables = [variable for variable in dashboard.all_variables if variable.type == "query"]
    needs = {variable.pointer: _needs(variable, dashboard) for variable in variables}
    reported: set[str] = set()
    for variable in variables:
        path = () if variable.pointer in reported else _way_back(variable, needs)
        if not path:
            continue
        reported.update(other.pointer for other in path)
        way = " -> ".join(f"${other.name}" for other in (*path, path[0]))
        yield Fault(
            f"The variables need each other: {way}. None of them can be asked for first, so they stay empty."
            if len(path) > 1
            else f"The query of ${variable.name} needs ${variable.name} itself: it offers what is already chosen.",
            "take one of the variables out of the query of the other",
            pointer=variable.query_pointer,
            severity=Severity.ERROR if len(path) > 1 else None,
            evidence={"cycle": [other.name for other in path]},
        )


def _needs(variable: Variable, dashboard: Dashboard) -> tuple[Variable, ...]:
    if "$" not in variable.query + variable.regex and "[[" not in variable.query:
        return ()
    around = variables_in(dashboard, variable.section)
    names = names_used([("", variable.query), ("", variable.regex)])
    return tuple(around[name] for name in sorted(names) if name in around)


def _way_back(variable: Variable, needs: Mapping[str, tuple[Variable, ...]]) -> tuple[Variable, ...]:
    """Return the shortest chain of variables that leads from one back to itself; empty for none."""
    came_from: dict[str, Variable] = {}
    waiting = deque([variable])
    while waiting:
        current = waiting.popleft()
        for other in needs.get(current.pointer, ()):
            if other is variable:
                return _chain(variable, current, came_from)
            if other.pointer not in came_from:
                came_from[other.pointer] = current
                waiting.append(other)
    return ()


def _chain(first: Variable, last: Variable, came_from: Mapping[str, Variable]) -> tuple[Variable, ...]:
    chain = [last]
    while chain[-1] is not first:
        chain.append(came_from[chain[-1].pointer])
    return tuple(reversed(chain))


RULE = Rule(
    id="variable-current",
    summary="A variable's saved value is none that it offers, or variables need each other.",
    severity=Severity.WARNING,
    subject=(Variable, Dashboard),
    check=_check,
    classes=("C6",),
)
