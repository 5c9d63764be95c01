"""Breaks variables, the time range and annotations (classes C1 to C10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from staging_validation.dashboards.model import Variable
from staging_validation.lint.query import Query, QueryKind
from staging_validation.promql.tree import Span
from tests.lint.mutation.documents import append, look, put
from tests.lint.mutation.mutant import Change, Control, Place, operator
from tests.lint.mutation.parts import PROMETHEUS, variable_of, variables_pointer
from tests.lint.mutation.queries import Edit, query_operator


@query_operator("C1", "undefined-variable", on=("classic", "v1", "v2"))
def undefined_in_query(query: Query, control: Control) -> Iterator[Edit]:
    """A query uses a variable that does not exist."""
    for use in query.uses:
        span = Span(use.span.start + query.offset, use.span.end + query.offset)
        text = query.text[slice(*span)]
        yield Edit(span, text.replace(use.name, f"{use.name}x"), within=span)
        if not use.name.startswith("__"):
            yield Edit(span, text.replace(use.name, use.name.capitalize()), within=span)


@operator("C1", "undefined-variable")
def undefined_in_text(control: Control) -> Iterator[Change]:
    """A title, a legend or a text uses a variable that does not exist."""
    for panel in control.panels():
        for name in ("$plna", "${plna}", "[[plna]]"):
            pointer = f"{panel.spec}/title"
            changed = put(control.document, pointer, f"{panel.title} {name}")
            yield Change(f"title of panel {panel.id}: {name}", (Place(pointer),), changed)
        for target in panel.targets:
            if target.legend is not None:
                pointer = f"{target.fields}/legendFormat"
                changed = put(control.document, pointer, f"{target.legend} $regoin")
                yield Change(f"legend of panel {panel.id} {target.ref_id}", (Place(pointer),), changed)


def _query_variable(name: str, query: str, **fields: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": name, "type": "query", "datasource": PROMETHEUS, "query": {"query": query, "refId": "A", "qryType": 1},
        "definition": query, "refresh": 2, "sort": 1, "regex": "", "multi": False, "includeAll": False,
        "current": {"text": "pro", "value": "pro"}, "options": [], "hide": 0,
    }  # fmt: skip
    return {**shown, **fields}


_UNUSED: tuple[dict[str, Any], ...] = (
    _query_variable("payer", "label_values(rsolv_billing_payment_processed_total, customer_id)"),
    {
        "name": "size",
        "type": "custom",
        "query": "5,10",
        "current": {"text": "5", "value": "5"},
        "options": [],
    },
    {"name": "search", "type": "textbox", "query": "x", "current": {"text": "x", "value": "x"}},
)


@operator("C2", "unused-variable")
def variable_unused(control: Control) -> Iterator[Change]:
    """A variable that nothing uses."""
    if any(link.include_vars for link in control.dashboard.links):
        return  # its links carry every variable
    pointer = variables_pointer(control)
    number = len(look(control.document, pointer))
    for variable in _UNUSED:
        changed = append(control.document, pointer, variable_of(control, variable))
        yield Change(
            variable["name"], (Place(f"{pointer}/{number}"), Place(f"{pointer}/{number}/spec")), changed
        )


@query_operator("C3", "multi-value-equals", on=("classic", "v1", "v2"), kinds=(QueryKind.TARGET,))
def equals_several(query: Query, control: Control) -> Iterator[Edit]:
    """A matcher compares with several values as if they were one."""
    for use in query.uses:
        variable = control.dashboard.variables_of(query.owner.panel).get(use.name)
        start, end = use.span
        former = query.text[start - 3 : end + 1]
        if variable is None or not (variable.multi or variable.include_all) or not former.startswith('=~"'):
            continue
        if use.name in (control.dashboard.repeats_of(query.owner.panel) if query.owner.panel else ()):
            continue
        for operator_text in ("=", "!="):
            yield Edit(Span(start - 3, end + 1), f"{operator_text}{former[2:]}")


def _variables(control: Control, *types: str) -> Iterator[Variable]:
    for variable in control.dashboard.all_variables:
        if variable.type in types:
            yield variable


@operator("C4", "all-value-matches-missing")
def all_of_everything(control: Control) -> Iterator[Change]:
    """All stands for series without the label too."""
    for variable in _variables(control, "query", "custom"):
        if variable.include_all:
            for value in (".*", "^.*$", "(.*)"):
                pointer = f"{variable.spec}/allValue"
                yield Change(
                    f"{variable.name}: {value}", (Place(pointer),), put(control.document, pointer, value)
                )


def _asking(control: Control, variable: Variable, query: str) -> Any:
    changed = put(control.document, variable.query_pointer, query)
    return put(changed, f"{variable.spec}/definition", query)


@operator("C5", "variable-query", "unknown-metric", "unknown-label", "query-syntax", learned=False)
def variable_of_nothing(control: Control) -> Iterator[Change]:
    """A variable asks for a metric or a label that does not exist, or with a function that does not exist."""
    for variable in _variables(control, "query"):
        asked = variable.query
        head, _, label = asked.removesuffix(")").rpartition(", ")
        wrong = (
            f"label_values(rsolv_billing_subscriptions_created_total, {label})", f"{head}, {label}s)",
            asked.replace("label_values", "label_value"), asked.replace("label_values(", "values("),
            asked.removesuffix(")"), f"{head}, le)" if "{" not in head else f"{head}, region)",
        )  # fmt: skip
        for text in wrong:
            yield Change(
                f"{variable.name}: {text}", (Place(variable.query_pointer),), _asking(control, variable, text)
            )


@operator("C5", "variable-never-refreshed")
def variable_never_asked(control: Control) -> Iterator[Change]:
    """A variable keeps the values of the day it was made."""
    for variable in _variables(control, "query"):
        pointer = f"{variable.spec}/refresh"
        never = "never" if "v2" in control.tags else 0
        yield Change(variable.name, (Place(pointer),), put(control.document, pointer, never))


@operator("C6", "variable-current")
def current_of_nothing(control: Control) -> Iterator[Change]:
    """The chosen value is none of those that may be chosen."""
    for variable in _variables(control, "custom", "interval"):
        for value in ("none", "7m", "99"):
            pointer = f"{variable.spec}/current"
            changed = put(control.document, pointer, {"text": value, "value": value})
            yield Change(f"{variable.name}: {value}", (Place(pointer),), changed)
    pointer = variables_pointer(control)
    number = len(look(control.document, pointer))
    wrong = {
        "name": "size",
        "type": "custom",
        "query": "5,10",
        "current": {"text": "7", "value": "7"},
        "options": [],
    }
    changed = append(control.document, pointer, variable_of(control, wrong))
    places = tuple(Place(f"{pointer}/{number}{inside}") for inside in ("/current", "/spec/current"))
    yield Change("added", places, changed)


@operator("C6", "variable-current", "variable-query")
def variables_in_a_circle(control: Control) -> Iterator[Change]:
    """Two variables need each other's values."""
    pointer = variables_pointer(control)
    number = len(look(control.document, pointer))
    metric = "rsolv_billing_payment_processed_total"
    circle = [
        variable_of(
            control, _query_variable(name, f'label_values({metric}{{{label}=~"${other}"}}, {wanted})')
        )
        for name, other, label, wanted in (
            ("one", "two", "status", "payment_method"),
            ("two", "one", "payment_method", "status"),
        )
    ]
    places = tuple(
        Place(f"{pointer}/{number + step}{inside}")
        for step in (0, 1)
        for inside in ("/query/query", "/spec/query/spec/query", "")
    )
    yield Change("two", places, append(control.document, pointer, *circle))
    own = variable_of(control, _query_variable("one", f'label_values({metric}{{status=~"$one"}}, status)'))
    places = tuple(
        Place(f"{pointer}/{number}{inside}") for inside in ("/query/query", "/spec/query/spec/query", "")
    )
    yield Change("itself", places, append(control.document, pointer, own))


@operator("C7", "refresh-too-fast")
def refresh_too_fast(control: Control) -> Iterator[Change]:
    """Asks again before there is anything new."""
    for value in ("1s", "5s", "10s"):
        pointer = control.dashboard.refresh_pointer
        yield Change(value, (Place(pointer),), put(control.document, pointer, value))


@operator("C8", "time-range")
def time_range_wrong(control: Control) -> Iterator[Change]:
    """A time range that holds nothing."""
    pointer = control.dashboard.time_pointer
    for start, end in (
        ("now-10s", "now"),
        ("now-25s", "now"),
        ("now", "now-6h"),
        ("now+1h", "now"),
        ("now-1h", "now-6h"),
    ):
        changed = put(put(control.document, f"{pointer}/from", start), f"{pointer}/to", end)
        yield Change(f"{start} to {end}", (Place(pointer),), changed)


_ANNOTATIONS = {
    "always": "sum(increase(rsolv_billing_invoice_failed_total[5m])) >= 0",
    "always, by its number": "count(rsolv_billing_active_subscriptions) > 0",
    "always, a counter": "sum by (plan) (rsolv_billing_subscription_created_total) >= 0",
    "no metric": "increase(rsolv_billing_deployments_total[5m]) > 0",
    "no query": "sum(increase(rsolv_billing_invoice_failed_total[5m]) > 0",
    "no value": 'sum(increase(rsolv_billing_payment_processed_total{status="broken"}[5m])) > 0',
}


@operator("C9", "annotation-query", "unknown-metric", "query-syntax", "unknown-label-value", learned=False)
def annotation_wrong(control: Control) -> Iterator[Change]:
    """An annotation that marks every moment, or none."""
    pointer = "/spec/annotations" if "v2" in control.tags else f"{control.body}/annotations/list"
    number = len(look(control.document, pointer))
    for what, expr in _ANNOTATIONS.items():
        if "v2" in control.tags:
            query = {
                "kind": "DataQuery",
                "group": "prometheus",
                "version": "v0",
                "datasource": {"name": "${datasource}"},
                "spec": {"expr": expr},
            }
            added: dict[str, Any] = {
                "kind": "AnnotationQuery",
                "spec": {"name": "Marks", "enable": True, "hide": False, "iconColor": "red", "query": query},
            }
            place = Place(f"{pointer}/{number}/spec/query/spec/expr")
        else:
            added = {
                "name": "Marks",
                "enable": True,
                "iconColor": "red",
                "datasource": PROMETHEUS,
                "expr": expr,
            }
            place = Place(f"{pointer}/{number}/expr")
        yield Change(what, (place,), append(control.document, pointer, added))


@operator("C10", "adhoc-unsupported")
def filter_without_support(control: Control) -> Iterator[Change]:
    """A filter on a data source that knows none."""
    pointer = variables_pointer(control)
    number = len(look(control.document, pointer))
    for kind in ("postgres", "graphite", "cloudwatch"):
        if "v2" in control.tags:
            spec = {"name": "filter", "baseFilters": [], "filters": [], "defaultKeys": [], "hide": "dontHide"}
            added: dict[str, Any] = {
                "kind": "AdhocVariable",
                "group": kind,
                "datasource": {"name": "x"},
                "spec": spec,
            }
        else:
            added = {
                "name": "filter",
                "type": "adhoc",
                "datasource": {"type": kind, "uid": "x"},
                "filters": [],
            }
        places = (
            Place(f"{pointer}/{number}"),
            Place(f"{pointer}/{number}/datasource/type"),
            Place(f"{pointer}/{number}/spec"),
        )
        yield Change(kind, places, append(control.document, pointer, added))


OPERATORS = (
    undefined_in_query, undefined_in_text, variable_unused, equals_several, all_of_everything,
    variable_of_nothing, variable_never_asked, current_of_nothing, variables_in_a_circle, refresh_too_fast,
    time_range_wrong, annotation_wrong, filter_without_support,
)  # fmt: skip
