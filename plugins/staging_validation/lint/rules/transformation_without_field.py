"""A transformation of a field or query that is not there does nothing, or leaves nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from staging_validation.dashboards.model import Panel, TargetKind, Transformation
from staging_validation.dashboards.reading_parts import below
from staging_validation.dashboards.reading_values import items, mapping, text, texts
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_fields import Fields, field_stages, target_fields
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule

_LETTERS = re.compile(r"\w+(?:\|\w+)*")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_LEFT_OVER = re.compile(r"(?:Time|Value)(?: #?\w+)?|.* \d+")
"""Names that Grafana's editor leaves behind in ``organize`` when queries change."""


class _Wanted(NamedTuple):
    """A field that a transformation names.

    Attributes:
        name: Its name.
        place: Where it is named, below the transformation's options.
        effect: What happens without it.
        matters: Whether that changes what is shown.
    """

    name: str
    place: str
    effect: str
    matters: bool = True


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    if not panel.transformations or not panel.targets:
        return
    for step, fields in field_stages(panel, context.queries):
        if step is None:
            return
        if step.id == "filterByRefId":
            yield from _of_queries(step, panel)
        elif step.id in ("joinByField", "seriesToColumns"):
            yield from _of_join(step, panel, fields, context.queries)
        elif step.id == "labelsToFields":
            yield from _of_labels(step, context.queries)
        elif not fields.open and step.id in _NAMED:
            for wanted in _NAMED[step.id](step.options):
                if wanted.name and "$" not in wanted.name and not fields.may_have(wanted.name):
                    yield _fault(step, wanted, fields)


def _organize(options: Mapping[str, object]) -> Iterator[_Wanted]:
    for name, new in mapping(options.get("renameByName")).items():
        if new and not _LEFT_OVER.fullmatch(name):
            yield _Wanted(name, below("/renameByName", name), f"the column “{new}” is missing")
    for name, out in mapping(options.get("excludeByName")).items():
        if out is True and not _LEFT_OVER.fullmatch(name):
            yield _Wanted(name, below("/excludeByName", name), "nothing is hidden", matters=False)


def _sort(options: Mapping[str, object]) -> Iterator[_Wanted]:
    for position, entry in enumerate(items(options.get("sort"))):
        yield _Wanted(text(mapping(entry).get("field")), f"/sort/{position}/field", "the rows stay unsorted")


def _filter_names(options: Mapping[str, object]) -> Iterator[_Wanted]:
    for side, effect in (("include", "it is not shown"), ("exclude", "nothing is taken away")):
        for position, name in enumerate(texts(mapping(options.get(side)).get("names"))):
            yield _Wanted(name, f"/{side}/names/{position}", effect, matters=side == "include")


def _filter_values(options: Mapping[str, object]) -> Iterator[_Wanted]:
    for position, entry in enumerate(items(options.get("filters"))):
        name = text(mapping(entry).get("fieldName"))
        yield _Wanted(name, f"/filters/{position}/fieldName", "the condition is never met")


def _group(options: Mapping[str, object]) -> Iterator[_Wanted]:
    for name, entry in mapping(options.get("fields")).items():
        if mapping(entry).get("operation"):
            yield _Wanted(name, below("/fields", name), "the rows are not grouped by it")


def _calculate(options: Mapping[str, object]) -> Iterator[_Wanted]:
    effect = "the new column stays empty"
    binary = mapping(options.get("binary")) if options.get("mode") == "binary" else {}
    for side in ("left", "right"):
        value = binary.get(side)
        name = text(value) or text(mapping(mapping(value).get("matcher")).get("options"))
        if not _NUMBER.fullmatch(name):
            yield _Wanted(name, f"/binary/{side}", effect)
    if options.get("mode") in (None, "reduceRow"):
        for position, name in enumerate(texts(mapping(options.get("reduce")).get("include"))):
            yield _Wanted(name, f"/reduce/include/{position}", effect)


def _partition(options: Mapping[str, object]) -> Iterator[_Wanted]:
    for position, name in enumerate(texts(options.get("fields"))):
        yield _Wanted(name, f"/fields/{position}", "nothing is divided by it")


def _convert(options: Mapping[str, object]) -> Iterator[_Wanted]:
    for position, entry in enumerate(items(options.get("conversions"))):
        name = text(mapping(entry).get("targetField"))
        yield _Wanted(name, f"/conversions/{position}/targetField", "nothing is converted")


_NAMED: Mapping[str, Callable[[Mapping[str, object]], Iterator[_Wanted]]] = {
    "organize": _organize,
    "sortBy": _sort,
    "filterFieldsByName": _filter_names,
    "filterByValue": _filter_values,
    "groupBy": _group,
    "calculateField": _calculate,
    "partitionByValues": _partition,
    "convertFieldType": _convert,
}


def _fault(step: Transformation, wanted: _Wanted, fields: Fields) -> Fault:
    there = sorted(name for name in fields.names if name)
    close = difflib.get_close_matches(wanted.name, there, n=1)
    return Fault(
        f"The transformation {step.id} names the field “{wanted.name}”, which no query of the panel gives: "
        f"{wanted.effect}.",
        f"write “{close[0]}”" if close else f"name a field that there is: {', '.join(there[:10])}",
        pointer=f"{step.options_pointer}{wanted.place}",
        evidence={"fields": list(there[:20])},
        severity=None if wanted.matters else Severity.INFO,
    )


def _of_queries(step: Transformation, panel: Panel) -> Iterator[Fault]:
    if any(target.kind is TargetKind.OTHER for target in panel.targets):
        return
    letters = sorted({target.ref_id for target in panel.targets})
    for side in ("include", "exclude"):
        chosen = step.options.get(side)
        if not isinstance(chosen, str) or not _LETTERS.fullmatch(chosen):
            continue
        absent = [letter for letter in chosen.split("|") if letter not in letters]
        if absent:
            yield Fault(
                f"The transformation filterByRefId names the query {', '.join(absent)}, which the panel does not have: "
                + ("its result is missing." if side == "include" else "nothing is taken away."),
                f"name a query that there is: {', '.join(letters)}",
                pointer=f"{step.options_pointer}/{side}",
                evidence={"queries": list(letters)},
            )


def _of_join(step: Transformation, panel: Panel, fields: Fields, queries: Sequence[Query]) -> Iterator[Fault]:
    name = text(step.options.get("byField"))
    if not name or "$" in name:
        return
    if step is not panel.transformations[0]:
        if not fields.may_have(name):
            yield _fault(step, _Wanted(name, "/byField", "nothing is joined"), fields)
        return
    by_target = {id(query.owner.target): query for query in queries}
    for target in panel.targets:
        query = by_target.get(id(target))
        if target.hidden or query is None or target_fields(target, query).may_have(name):
            continue
        table = target.format == "table"
        reason = (
            "its query drops the label"
            if table
            else "as a time series it has labels, but no columns for them"
        )
        yield Fault(
            f"The transformation {step.id} joins by “{name}”, which the result of query {target.ref_id} does not have "
            f"({reason}): its columns are missing.",
            "keep the label in the query" if table else 'ask for a table: "format": "table", "instant": true',
            pointer=f"{step.options_pointer}/byField",
            ref_id=target.ref_id,
            evidence={"field": name, "query": target.ref_id},
        )
        return


def _of_labels(step: Transformation, queries: Sequence[Query]) -> Iterator[Fault]:
    wanted = [(f"/keepLabels/{n}", name) for n, name in enumerate(texts(step.options.get("keepLabels")))]
    wanted.append(("/valueLabel", text(step.options.get("valueLabel"))))
    known = [query.labels for query in queries if query.labels is not None]
    if len(known) < len(queries) or not known:
        return
    for place, name in wanted:
        if name and not any(labels.may_have(name) for labels in known):
            there = sorted(set().union(*(labels.possible or () for labels in known)))
            yield _fault(step, _Wanted(name, place, "its column is missing"), Fields(frozenset(there)))


RULE = Rule(
    id="transformation-without-field",
    summary="A transformation names a field, label or query that the panel cannot have.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B9",),
)
