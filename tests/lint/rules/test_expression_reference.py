"""``expression-reference``."""

from __future__ import annotations

import pytest

from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "expression-reference"


def expression(**fields):
    return {"expr": None, "datasource": {"type": "__expr__", "uid": "__expr__"}, **fields}


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"type": "math", "expression": "$A + $C * 2"}, "$C"),
        ({"type": "math", "expression": "${A} / ${Other}"}, "${Other}"),
        ({"type": "math", "expression": "$A + $B"}, "$B"),
        ({"type": "reduce", "expression": "C", "reducer": "mean"}, "C"),
        ({"type": "threshold", "expression": "$C"}, "$C"),
    ],
)
def test_it_reads_what_is_not_there_or_itself(fields, at):
    finding = assert_fault(rule=RULE, panel=panel("up", expression(**fields)), at=at)
    assert (finding.pointer, finding.ref_id) == ("/panels/0/targets/1/expression", "B")


def test_a_condition():
    condition = {"query": {"params": ["Z", "5m", "now"]}}
    given = panel("up", expression(type="classic_conditions", conditions=[condition]))
    assert_fault(rule=RULE, panel=given, at="/panels/0/targets/1/conditions/0/query/params/0")


def test_nothing_is_read():
    given = panel("up", expression(type="reduce", expression=""))
    assert_fault(rule=RULE, panel=given, at="/panels/0/targets/1/expression")


def test_a_circle_is_one_finding():
    given = panel(
        "up",
        expression(type="math", expression="$C + $A"),
        expression(type="math", expression="$B"),
        expression(type="math", expression="$C"),
    )
    assert assert_fault(rule=RULE, panel=given, at="$C").ref_id == "B"


def test_in_version_2():
    written = to_v2(dashboard(panel("up", expression(type="math", expression="$C"))))
    finding = assert_fault(rule=RULE, dashboard=written, at="$C")
    assert finding.pointer == "/spec/elements/panel-1/spec/data/spec/queries/1/spec/query/spec/expression"


@pytest.mark.parametrize(
    "given",
    [
        panel("up", expression(type="math", expression="abs($A) * 100")),
        panel("up", expression(type="reduce", expression="A"), expression(type="threshold", expression="B")),
        panel({"refId": "Sold today"}, expression(type="math", expression="${Sold today} > 0")),
        panel("up", expression(type="math", expression="$A * ${datasource}")),
        panel("up", expression(type="sql", expression="SELECT * FROM A")),
    ],
)
def test_clean(given):
    assert_clean(rule=RULE, panel=given)
