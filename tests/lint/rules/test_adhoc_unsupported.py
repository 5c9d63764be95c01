"""``adhoc-unsupported``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault

RULE = "adhoc-unsupported"

PLACE = "/templating/list/1/datasource"


@pytest.mark.parametrize(
    ("kind", "datasource"),
    [("adhoc", "mysql"), ("adhoc", "cloudwatch"), ("groupby", "loki"), ("groupby", "mysql")],
)
def test_a_data_source_without_filters(kind, datasource):
    given = {"name": "filters", "type": kind, "query": "", "datasource": {"type": datasource, "uid": "x"}}
    assert_fault(rule=RULE, variable=given, at=PLACE)


@pytest.mark.parametrize(
    ("kind", "datasource"),
    [
        ("adhoc", {"type": "prometheus", "uid": "x"}),
        ("adhoc", {"type": "loki", "uid": "x"}),
        ("adhoc", {"type": "somebodys-plugin", "uid": "x"}),
        ("adhoc", {"uid": "${datasource}"}),
        ("groupby", {"type": "prometheus", "uid": "x"}),
        ("groupby", None),
        ("query", {"type": "mysql", "uid": "x"}),
    ],
)
def test_clean(kind, datasource):
    assert_clean(rule=RULE, variable={"name": "filters", "type": kind, "query": "", "datasource": datasource})
