"""An override for a field that the panel cannot have does nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from staging_validation.dashboards.model import Override, Panel, TargetKind
from staging_validation.dashboards.reading_values import mapping, texts
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_fields import Fields, field_stages
from staging_validation.lint.rule import Fault, Rule

_KEEPS_FRAMES = frozenset({"organize", "sortBy", "filterFieldsByName", "filterByRefId", "filterByValue"})


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    if not panel.overrides or not panel.targets:
        return
    fields = list(field_stages(panel, context.queries))[-1][1]
    fields = _displayed(panel, fields)
    for override in panel.overrides:
        yield from _of_name(override, fields)
        yield from _of_query(override, panel)


def _displayed(panel: Panel, fields: Fields) -> Fields:
    """Add the names that the panel itself gives its fields."""
    defaults = mapping(mapping(panel.raw.get("fieldConfig")).get("defaults"))
    names = [override.properties.get("displayName") for override in panel.overrides]
    names.append(defaults.get("displayName"))
    given = [name for name in names if isinstance(name, str) and name]
    return Fields(open=True) if any("$" in name for name in given) else fields.also(Fields(frozenset(given)))


def _of_name(override: Override, fields: Fields) -> Iterator[Fault]:
    options = override.options
    if override.matcher == "byName" and isinstance(options, str):
        wanted = [options]
    elif override.matcher == "byNames" and mapping(options).get("mode") != "exclude":
        wanted = list(texts(mapping(options).get("names")))
    elif override.matcher == "byRegexp" and isinstance(options, str):
        regex = _compiled(options)
        if regex is not None and not fields.may_match(regex):
            yield _fault(override, f"matches {options}", fields)
        return
    else:
        return
    for name in wanted:
        if name and "$" not in name and not fields.may_have(name):
            yield _fault(override, f"is named “{name}”", fields, close_to=name)


def _compiled(text: str) -> re.Pattern[str] | None:
    """Compile a regular expression of Grafana: ``/text/flags``, or the whole name."""
    slashed = re.fullmatch(r"/(.*)/([a-z]*)", text, re.DOTALL)
    try:
        if slashed:
            return re.compile(slashed[1], re.IGNORECASE if "i" in slashed[2] else 0)
        return re.compile(f"^(?:{text})$")
    except re.error:
        return None  # one of JavaScript's that Python does not read


def _fault(override: Override, what: str, fields: Fields, *, close_to: str = "") -> Fault:
    there = sorted(name for name in fields.names if name and not name.startswith(("Time", "Value")))
    close = difflib.get_close_matches(close_to, there, n=1) if close_to else []
    listed = ", ".join(there[:8])
    return Fault(
        f"No field of the panel {what}, so the override does nothing: the field it was made for is shown without its "
        f"{', '.join(override.properties) or 'options'}.",
        f"write “{close[0]}”" if close else f"name a field that there is{f': {listed}' if listed else ''}",
        pointer=f"{override.pointer}/matcher/options",
        evidence={"fields": list(there[:20])},
    )


def _of_query(override: Override, panel: Panel) -> Iterator[Fault]:
    if override.matcher not in ("byFrameRefID", "byFrameRefIDs"):
        return
    if any(target.kind is TargetKind.OTHER for target in panel.targets):
        return
    if any(step.id not in _KEEPS_FRAMES for step in panel.transformations):
        return
    options = override.options
    letters = {target.ref_id for target in panel.targets}
    for letter in [options] if isinstance(options, str) else texts(options):
        if letter and letter not in letters:
            yield Fault(
                f"The panel has no query {letter}, so the override does nothing.",
                f"name a query that there is: {', '.join(sorted(letters))}",
                pointer=f"{override.pointer}/matcher/options",
                evidence={"queries": [*sorted(letters)]},
            )


RULE = Rule(
    id="override-without-field",
    summary="An override is for a field or query that the panel cannot have.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B9",),
)
