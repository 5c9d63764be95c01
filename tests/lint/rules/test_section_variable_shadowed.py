"""``section-variable-shadowed``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "section-variable-shadowed"


def custom(name):
    return {
        "kind": "CustomVariable",
        "spec": {"name": name, "query": "a,b", "current": {"text": "a", "value": "a"}},
    }


def section(kind, layout, *names):
    variables = [custom(name) for name in names]
    return {"kind": f"{kind}LayoutRow", "spec": {"title": "Part", "variables": variables, "layout": layout}}


def content(outer, row, tab=()):
    written = to_v2(dashboard(panel("up")))
    spec = written["spec"]
    spec["variables"] += [custom(name) for name in outer]
    tabs = {"kind": "TabsLayout", "spec": {"tabs": [section("Tabs", spec["layout"], *tab)]}}
    spec["layout"] = {"kind": "RowsLayout", "spec": {"rows": [section("Rows", tabs, *row)]}}
    return written


ROW = "/spec/layout/spec/rows/0/spec"


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (content(["region"], ["region"]), f"{ROW}/variables/0/spec/name"),
        (content(["region"], [], ["region"]), f"{ROW}/layout/spec/tabs/0/spec/variables/0/spec/name"),
        (content([], ["region"], ["region"]), f"{ROW}/layout/spec/tabs/0/spec/variables/0/spec/name"),
    ],
)
def test_an_inner_variable_hides_an_outer_one(written, at):
    assert_fault(rule=RULE, dashboard=written, at=at)


@pytest.mark.parametrize(
    "written", [content(["region"], ["shop"], ["plan"]), content([], ["region"]), dashboard(panel("up"))]
)
def test_clean(written):
    assert_clean(rule=RULE, dashboard=written)
