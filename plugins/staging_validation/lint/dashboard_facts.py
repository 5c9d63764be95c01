"""What several rules about dashboards ask: which variables hold where, which texts use them, and who else is there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from staging_validation.dashboards.envelope import Envelope
from staging_validation.dashboards.expansion_static import is_defined
from staging_validation.dashboards.model import (
    PROMETHEUS_TYPES,
    Dashboard,
    LayoutItem,
    Panel,
    Section,
    Variable,
)
from staging_validation.dashboards.variable_uses import BUILT_INS, VariableUse, text_uses

GRAFANAS_OWN = frozenset(
    {"grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "__expr__", "-100", "Expression"}
)
"""Ids and names of the data sources that every Grafana has."""

COLUMNS = 24
"""How wide a dashboard is."""

MIXED = "-- Mixed --"
"""The data source of a panel whose queries name their own."""

_MOST_NAMES = 200
"""Among how many variables a close name is looked for: a file with more is not written by hand."""

_NO_VARIABLES = frozenset({"usd", "eur", "aud", "cad", "nzd", "sgd", "hkd", "bn", "mm", "k", "m"})
"""What stands behind a dollar sign in a text and is money."""


def is_elements(dashboard: Dashboard) -> bool:
    """Return whether a dashboard is written in elements and a layout: version 2."""
    return dashboard.envelope is Envelope.BARE_V2 or "elements" in dashboard.raw or "layout" in dashboard.raw


def is_whole(dashboard: Dashboard | None) -> bool:
    """Return whether a file holds a dashboard: a library panel has its variables and its place elsewhere."""
    return dashboard is not None and dashboard.envelope is not Envelope.LIBRARY_PANEL


def variables_in(dashboard: Dashboard, section: str) -> Mapping[str, Variable]:
    """Return the variables that hold in a row or tab; those of inner ones hide those of outer ones.

    Args:
        dashboard: The dashboard.
        section: Where the row or tab stands; empty for the dashboard itself.
    """
    if len(dashboard.variables) == len(dashboard.all_variables):
        return dashboard.variables
    found = dict(dashboard.variables)
    for around in reversed(dashboard.sections_of(section)):
        found.update(
            (variable.name, variable)
            for variable in dashboard.all_variables
            if variable.section == around.pointer
        )
    return found


def undefined_in(text: str, variables: Mapping[str, Variable], dashboard: Dashboard) -> Iterator[VariableUse]:
    """Yield the uses of variables in a text that nobody defines, each name once.

    A dollar sign in a text may be money (``$USD``, ``$k``): what is not surely meant as a variable is left out.

    Args:
        text: A title, a legend, an address.
        variables: The variables that hold there.
        dashboard: The dashboard.
    """
    seen = set()
    for use in text_uses(text):
        if use.name in variables or use.name in seen or is_defined(use.name, dashboard):
            continue
        seen.add(use.name)
        if _is_meant(text, use):
            yield use


def _is_meant(text: str, use: VariableUse) -> bool:
    if text.startswith(("${", "[["), use.span.start):
        return True
    return not (use.name[0].isdigit() or use.name.isupper() or use.name.lower() in _NO_VARIABLES)


def instead_of(name: str, variables: Iterable[str]) -> str:
    """Say what to write instead of a variable that nobody defines."""
    known = [*islice(variables, _MOST_NAMES), *BUILT_INS]
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.7)
    if close:
        return f"write {' or '.join(f'${other}' for other in close)}"
    return "define the variable, or correct its name"


def repeated_for(panel: Panel, dashboard: Dashboard) -> tuple[str, str] | None:
    """Return the variable that a panel is repeated for, and where the file says so; None where it is not."""
    if panel.repeat is None:
        return None
    item = item_of(panel, dashboard)
    if item is not None:
        return panel.repeat, f"{item.pointer}/spec/repeat/value"
    return panel.repeat, f"{panel.pointer}/repeat"


def item_of(panel: Panel, dashboard: Dashboard) -> LayoutItem | None:
    """Return the place that a layout of version 2 gives a panel."""
    if not panel.element:
        return None
    return next((item for item in dashboard.layout if item.element == panel.element), None)


def section_field(section: Section, dashboard: Dashboard, name: str) -> str:
    """Return where a field of a row or tab stands."""
    if not is_elements(dashboard):
        return f"{section.pointer}/{name}"
    return f"{section.pointer}/spec/{'repeat/value' if name == 'repeat' else name}"


def option_field(panel: Panel, name: str) -> str:
    """Return where an option of a panel's queries (``interval``, ``timeFrom``, …) stands."""
    return f"{panel.spec}/data/spec/queryOptions/{name}" if panel.element else f"{panel.pointer}/{name}"


def variable_field(variable: Variable, name: str) -> str:
    """Return where a field of a variable stands."""
    return f"{variable.spec or variable.pointer}/{name}"


def raw_at(dashboard: Dashboard, pointer: str) -> Any:
    """Return what stands at a place of a dashboard; None where nothing does."""
    found: Any = dashboard.raw
    for escaped in pointer.removeprefix(dashboard.body).split("/")[1:]:
        key = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def texts_of(
    value: Any, *, without: Callable[[Any], bool] = lambda _part: False
) -> Iterator[tuple[str, str]]:
    """Yield every text inside a value, each with the key that it stands behind (empty in a list).

    Args:
        value: A value of a JSON file.
        without: Tells which parts to leave out.
    """
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        key, part = waiting.pop()
        if isinstance(part, str):
            yield key, part
        elif isinstance(part, (dict, list)) and not without(part):
            entries = part.items() if isinstance(part, dict) else (("", entry) for entry in part)
            waiting.extend(entries)


def names_used(texts: Iterable[tuple[str, str]]) -> set[str]:
    """Return the variables that texts use; behind ``repeat`` and ``variable`` stand bare names."""
    found: set[str] = set()
    for key, text in texts:
        if key in ("repeat", "variable"):
            found.add(text)
        if "$" in text or "[[" in text:
            found.update(use.name for use in text_uses(text))
    return found


def asks_prometheus(datasource_type: str) -> bool:
    """Return whether a data source is Prometheus, or may be: the file does not tell."""
    return datasource_type in ("", *PROMETHEUS_TYPES)


_WORD = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]+)\d{0,2}(?![A-Za-z0-9])")
_ENVIRONMENTS = {
    "production": "production",
    "prod": "production",
    "prd": "production",
    "staging": "staging",
    "stg": "staging",
    "development": "development",
    "dev": "development",
    "qa": "qa",
    "uat": "uat",
    "preprod": "preproduction",
    "preproduction": "preproduction",
}


def environments(text: str) -> frozenset[str]:
    """Return the environments that a name speaks of: ``shop-prod`` of production."""
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(_ENVIRONMENTS[word] for word in words if word in _ENVIRONMENTS)
