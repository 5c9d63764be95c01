"""``variable-query``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.lint.support import assert_clean, assert_fault, variable

RULE = "variable-query"

PLACE = "/templating/list/1/query/query"
METRIC = "rsolv_billing_active_subscriptions"


@pytest.mark.parametrize(
    ("query", "at", "severity"),
    [
        (f"label_values({METRIC}s, plan)", f"{METRIC}s", Severity.ERROR),
        (f'label_values({{__name__="{METRIC}s"}}, plan)', f'"{METRIC}s"', Severity.ERROR),
        (f"label_values(count by (plan) ({METRIC}s), plan)", f"{METRIC}s", Severity.ERROR),
        ("label_values(nobody_knows, plan)", "nobody_knows", Severity.WARNING),
        (f"label_values({METRIC}, plna)", "plna", Severity.ERROR),
        (f"label_values({METRIC}, status)", "status", Severity.ERROR),
        ('label_values({__name__=~"rsolv_billing_.+"}, plna)', "plna", Severity.ERROR),
        (f"label_values({METRIC})", METRIC, Severity.ERROR),
        ("", PLACE, Severity.ERROR),
        (METRIC, PLACE, Severity.WARNING),
        (f"query_result({METRIC})", PLACE, Severity.WARNING),
    ],
)
def test_it_cannot_give_values(query, at, severity):
    finding = assert_fault(rule=RULE, variable=variable(query=query), at=at)
    assert (finding.pointer, finding.severity) == (PLACE, severity)


def test_a_misspelt_function_where_the_language_is_not_sure():
    given = variable(query="label_value(up, job)", datasource=None)
    assert "label_values" in assert_fault(rule=RULE, variable=given, at=PLACE).remedy


@pytest.mark.parametrize("regex", ["/(open/", "[a-", "*"])
def test_a_filter_that_is_no_regular_expression(regex):
    assert_fault(rule=RULE, variable=variable(regex=regex), at="/templating/list/1/regex")


@pytest.mark.parametrize(
    "fields",
    [
        {"query": f"label_values({METRIC}, plan)"},
        {"query": f"label_values({METRIC}, instance)"},
        {"query": 'label_values({__name__=~"rsolv_.+"}, plan)'},
        {"query": 'label_values({__name__=~"node_.+"}, device)'},
        {"query": 'label_values({job="shop"}, device)'},
        {"query": "label_values(plan)"},
        {"query": "label_names()"},
        {"query": "metrics(rsolv_.*)"},
        {"query": f"label_values({METRIC}, $label)"},
        {"query": f"query_result(count by (plan) ({METRIC}))", "regex": '/plan="([^"]+)"/'},
        {"query": METRIC, "regex": '/plan="([^"]+)"/'},
        {"query": "label_values(up{, plan)"},
        {"query": "SELECT 1", "datasource": {"type": "mysql", "uid": "x"}},
        {"regex": r"/(?<text>\w+) (?<value>[^)]+)$/i"},
        {"type": "custom", "query": "a,b"},
    ],
)
def test_clean(fields):
    assert_clean(rule=RULE, variable={**variable(), **fields})


def test_without_a_catalogue_only_the_form_is_checked():
    assert_clean(rule=RULE, variable=variable(query="label_values(nobody_knows, plan)"), known=None)
    assert_fault(rule=RULE, variable=variable(query=METRIC), known=None)
