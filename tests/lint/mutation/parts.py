"""Parts of dashboards in the format of a control: queries, variables, and where a panel's fields stand."""

from __future__ import annotations

import copy
from typing import Any

from staging_validation.dashboards.model import Panel, Target
from tests.dashboards.formats import to_v2
from tests.lint.mutation.documents import look, parent
from tests.lint.mutation.mutant import Control

EXPRESSION = {"type": "__expr__", "uid": "__expr__"}
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}


def target_copy(control: Control, target: Target, *, ref: str = "", kind: str = "", **fields: Any) -> Any:
    """Return a copy of a query with other fields, in the format of the control.

    Args:
        control: The file.
        target: The query.
        ref: The copy's letter; the same by default.
        kind: The type of an expression, which the copy becomes; it stays a query without one.
        fields: Fields that differ.
    """
    copied = copy.deepcopy(look(control.document, target.pointer))
    if "v2" not in control.tags:
        if kind:
            return {"refId": ref, "datasource": EXPRESSION, "type": kind, **fields}
        return {**copied, "refId": ref or target.ref_id, **fields}
    spec = copied["spec"]
    spec["refId"] = ref or target.ref_id
    if kind:
        spec["query"] |= {
            "group": "__expr__",
            "datasource": {"name": "__expr__"},
            "spec": {"type": kind, **fields},
        }
    else:
        spec["query"]["spec"] |= fields
    return copied


def variable_of(control: Control, classic: dict[str, Any]) -> Any:
    """Return a variable in the format of the control."""
    if "v2" not in control.tags:
        return classic
    return to_v2({"templating": {"list": [classic]}, "panels": []})["spec"]["variables"][0]


def variables_pointer(control: Control) -> str:
    """Return where the variables stand."""
    return "/spec/variables" if "v2" in control.tags else f"{control.body}/templating/list"


def type_pointer(control: Control, panel: Panel) -> str:
    """Return where a panel's type stands."""
    if "v2" in control.tags:
        return f"{parent(parent(panel.options_pointer))}/group"
    return f"{panel.pointer}/type"


def targets_pointer(control: Control, panel: Panel) -> str:
    """Return where a panel's queries stand."""
    return f"{panel.spec}/data/spec/queries" if "v2" in control.tags else f"{panel.pointer}/targets"


def option_pointer(control: Control, panel: Panel, name: str) -> str:
    """Return where ``interval``, ``timeFrom``, ``timeShift`` or ``maxDataPoints`` stand."""
    holder = f"{panel.spec}/data/spec/queryOptions" if "v2" in control.tags else panel.pointer
    return f"{holder}/{name}"


def transformations_pointer(control: Control, panel: Panel) -> str:
    """Return where a panel's transformations stand."""
    return (
        f"{panel.spec}/data/spec/transformations"
        if "v2" in control.tags
        else f"{panel.pointer}/transformations"
    )


def transformation(control: Control, name: str, **options: Any) -> Any:
    """Return a transformation in the format of the control."""
    if "v2" in control.tags:
        return {"kind": "Transformation", "group": name, "spec": {"options": options}}
    return {"id": name, "options": options}
