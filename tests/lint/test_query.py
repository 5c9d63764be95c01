"""The query subject: the text as written, the tree, and the way between them."""

from __future__ import annotations

import pytest

from staging_validation.dashboards.reading import read_dashboard
from staging_validation.lint.collecting import QueryCollector
from staging_validation.lint.query import QueryKind
from staging_validation.lint.variable_query import VariableForm, read_variable_query
from staging_validation.promql.tree import Aggregation, Call, MatrixSelector, ValueType, VectorSelector
from tests.lint.support import catalogue, dashboard, files_of, panel, variable

ACTIVE = "rsolv_billing_active_subscriptions"


def queries(content):
    [file] = files_of(dashboard=content)
    return list(QueryCollector(catalogue()).dashboard_queries(read_dashboard(file).dashboard))


def query(expr, **fields):
    [found] = queries(dashboard(panel({"expr": expr, **fields})))
    return found


def test_spans_lead_back_to_the_text_as_written():
    found = query('sum by ($by) (rate(up{plan=~"$plan"}[$__rate_interval]))')
    [selector] = found.pieces(VectorSelector)
    [window] = found.pieces(MatrixSelector)
    assert found.written(selector.span) == 'up{plan=~"$plan"}'
    assert found.written(window.span) == 'up{plan=~"$plan"}[$__rate_interval]'
    assert found.written(found.tree.span) == found.text
    assert [use.name for use in found.uses] == ["by", "plan", "__rate_interval"]


def test_pieces_calls_and_what_they_stand_in():
    found = query("sum(rate(up[5m])) / sum(irate(up[5m]))")
    assert [call.function.text for call in found.calls()] == ["rate", "irate"]
    [call] = found.calls("irate")
    assert isinstance(found.parent(call), Aggregation)
    assert [type(piece).__name__ for piece in found.ancestors(call)] == ["Aggregation", "Binary"]
    assert found.parent(found.tree) is None
    assert len(found.pieces(Call)) == 2


def test_inference_is_there_when_asked_for():
    found = query(f"sum by (plan) ({ACTIVE})")
    assert found.labels.guaranteed == {"plan"}
    assert found.unit.name == "subscriptions"
    assert found.value_type is ValueType.VECTOR
    assert found.analysis.labels_everywhere.whole is found.labels
    assert found.interval.lowest is not None


def test_of_what_is_no_promql_nothing_is_inferred():
    found = query("sum(")
    assert found.fault is not None
    assert (found.tree, found.labels, found.unit, found.value_type, found.pieces(Call)) == (
        None,
        None,
        None,
        None,
        (),
    )


def test_equal_queries_are_analysed_once():
    first, second = queries(dashboard(panel("sum(up)"), panel("sum(up)")))
    assert first.analysis is second.analysis


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, True), ({"instant": True, "range": False}, False), ({"instant": True}, True)],
)
def test_range_query(fields, expected):
    assert query("up", **fields).range_query is expected


def test_the_query_of_a_variable():
    content = dashboard(panel("up"), variables=[variable(query=f'label_values({ACTIVE}{{plan="$x"}}, plan)')])
    found = next(entry for entry in queries(content) if entry.kind is QueryKind.VARIABLE)
    assert found.text == f'label_values({ACTIVE}{{plan="$x"}}, plan)'
    assert found.written(found.tree.span) == f'{ACTIVE}{{plan="$x"}}'


@pytest.mark.parametrize(
    ("text", "form", "expr", "label"),
    [
        ("label_values(up, job)", VariableForm.LABEL_VALUES, "up", "job"),
        ('label_values(up{a="x,y"}, job)', VariableForm.LABEL_VALUES, 'up{a="x,y"}', "job"),
        ("label_values(job)", VariableForm.LABEL_VALUES, "", "job"),
        ("label_values(up, $label)", VariableForm.LABEL_VALUES, "up", "$label"),
        ("label_names()", VariableForm.LABEL_NAMES, "", None),
        ("metrics(shop_.*)", VariableForm.METRICS, "shop_.*", None),
        ("query_result(topk(3, up))", VariableForm.QUERY_RESULT, "topk(3, up)", None),
        ("up{job='x'}", VariableForm.SERIES, "up{job='x'}", None),
    ],
)
def test_variable_queries(text, form, expr, label):
    found = read_variable_query(text)
    assert (found.form, found.expr, found.label) == (form, expr, label)
    assert text[found.offset : found.offset + len(expr)] == expr
    if label:
        assert text[slice(*found.label_span)] == label
