"""Variables are replaced with knowledge of their place, and never guessed."""

from __future__ import annotations

import pytest

from staging_validation.dashboards import ExpansionSettings, expand_target
from staging_validation.errors import CheckFailedError

PLAN = {"name": "plan", "type": "query", "multi": True, "includeAll": True}
ONE = {"name": "one", "type": "custom", "query": "a.b,c"}
OPTIONS = {"options": [{"value": "$__all"}, {"value": "pro"}, {"value": "pay.go"}]}


@pytest.fixture
def expand(build):
    def run(expr, *variables, settings=None, **panel_fields):
        dashboard = build(expr, variables=list(variables))
        (panel,) = dashboard.panels
        return expand_target(
            panel.targets[0], panel, dashboard, **({"settings": settings} if settings else {})
        )

    return run


def current(*values):
    return {"current": {"value": list(values)}}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({**current("$__all"), "allValue": ".+"}, ".+"),
        ({**current("$__all"), **OPTIONS}, r"(pro|pay\\.go)"),
        (current("$__all"), ".*"),
        ({"current": {}}, ".*"),
        (current("pro"), "pro"),
        (current("pay.go"), r"pay\\.go"),
        (current("pro", "a+b"), r"(pro|a\\+b)"),
        (current("a\\b"), r"a\\\\b"),
        (current("pro", "$__all"), ".*"),
    ],
)
def test_behind_a_regular_expression_matcher(expand, fields, text):
    for spelling in (
        "$plan",
        "${plan}",
        "[[plan]]",
        "${plan:regex}" if text not in (".*", ".+") else "$plan",
    ):
        assert expand(f'a{{p=~"{spelling}"}}', {**PLAN, **fields}) == f'a{{p=~"{text}"}}'
        assert expand(f'a{{p !~ "x|{spelling}"}}', {**PLAN, **fields}) == f'a{{p !~ "x|{text}"}}'


def test_inside_backticks_one_backslash_is_enough(expand):
    assert expand("a{p=~`$plan`}", {**PLAN, **current("pay.go", "pro")}) == r"a{p=~`(pay\.go|pro)`}"


def test_a_variable_of_one_value_is_taken_as_it_is(expand):
    assert expand('a{p=~"$one", q="$one"} * $one', ONE) == 'a{p=~"a.b", q="a.b"} * a.b'


@pytest.mark.parametrize(
    ("expr", "fields", "message"),
    [
        ('a{p="$plan"}', current("$__all"), r"\$plan has All, but stands in a label's value behind = or !="),
        ('a{p!="$plan"}', current("x", "y"), r"\$plan has 2 values, but stands in a label's value"),
        ("sum by ($plan) (a)", current("x", "y"), r"has 2 values, but stands in the query outside"),
        ('label_replace(a, "p", "$plan", "", "")', current("x", "y"), "but stands in a string"),
        ("rate(a[$plan])", current("pro"), r"\$plan is 'pro', but stands in a duration"),
        ("rate(a[$plan])", current("$__all"), "has All, but stands in a duration"),
        ('a{p=~"$plans"}', {}, r"uses the variable \$plans, which the dashboard does not define"),
        ('a{p=~"$__nothing"}', {}, r"\$__nothing, which the dashboard does not define"),
        (
            'a{p=~"${plan:lucene}"}',
            current("x"),
            r"\$\{plan:lucene\} has a format that PromQL has no use for",
        ),
    ],
)
def test_what_does_not_fit_its_place_is_reported(expand, expr, fields, message):
    with pytest.raises(CheckFailedError, match=message):
        expand(expr, {**PLAN, **fields})


def test_a_variable_without_any_value_is_reported(expand):
    with pytest.raises(CheckFailedError, match=r"\$one has no value"):
        expand("a * $one", {"name": "one", "type": "query"})


def test_formats(expand):
    variable = {**PLAN, **current("x.y", "z")}
    assert expand('a{p=~"${plan:pipe}"}', variable) == 'a{p=~"x.y|z"}'
    assert expand("sum by (${plan:csv}) (a)", variable) == "sum by (x.y,z) (a)"
    assert expand('a{p=~"${plan:raw}"}', variable) == r'a{p=~"(x\\.y|z)"}'


def test_one_value_fits_everywhere(expand):
    variable = {**PLAN, **current("5m")}
    assert expand('rate(a{p="$plan"}[$plan])', variable) == 'rate(a{p="5m"}[5m])'
    assert expand("max_over_time(rate(a[$plan])[1h:$plan])", variable) == "max_over_time(rate(a[5m])[1h:5m])"


def test_built_in_durations(expand):
    expr = "a[$__range] b[$__rate_interval] c[${__interval}] $__range_s $__range_ms $__interval_ms"
    assert expand(expr) == "a[21600s] b[60s] c[20s] 21600 21600000 20000"
    assert expand("a[$__interval]", settings=ExpansionSettings(0.5, 50_000)) == "a[500ms]"


def test_a_panels_own_range_and_steps(build, make_panel, make_target):
    dashboard = build(
        make_panel(make_target("a[$__range]"), id=1, timeFrom="2h"),
        make_panel(make_target("a[$__rate_interval]"), id=2, interval="5m"),
        make_panel(make_target("a[$__rate_interval]", interval="2m"), id=3),
        make_panel(make_target("a[$__interval]"), id=4, maxDataPoints=10),
    )
    found = [expand_target(panel.targets[0], panel, dashboard) for panel in dashboard.panels]
    assert found == ["a[7200s]", "a[315s]", "a[480s]", "a[1800s]"]


def test_an_automatic_interval_variable(expand):
    variable = {
        "name": "step",
        "type": "interval",
        "query": "1m",
        "current": {"value": "$__auto_interval_step"},
    }
    assert expand("rate(a[$step])", variable) == "rate(a[20s])"


def test_values_may_be_chosen_from_outside(expand):
    settings = ExpansionSettings(values={"plan": ["trial"]})
    assert expand('a{p=~"$plan"}', {**PLAN, **current("pro")}, settings=settings) == 'a{p=~"trial"}'


def test_groups_of_label_replace_are_no_variables(expand):
    expr = 'label_replace(a, "b", "$1-${2}", "c", "(.*)")'
    assert expand(expr) == expr


def test_escaped_quotes_do_not_end_a_string(expand):
    variable = {**PLAN, **current("x", "y")}
    assert expand(r'a{p=~"\"$plan", q="]["}[5m]', variable) == r'a{p=~"\"(x|y)", q="]["}[5m]'


def test_a_repeated_panel_is_evaluated_as_its_first_copy(build, make_panel, make_target):
    variable = {**PLAN, **current("x", "y")}
    dashboard = build(make_panel(make_target('a{p="$plan"}'), repeat="plan"), variables=[variable])
    (panel,) = dashboard.panels
    assert expand_target(panel.targets[0], panel, dashboard) == 'a{p="x"}'
    dashboard = build(
        make_panel(make_target('a{p="$plan"}'), repeat="plan"),
        variables=[{**PLAN, **current("$__all"), **OPTIONS}],
    )
    (panel,) = dashboard.panels
    assert expand_target(panel.targets[0], panel, dashboard) == 'a{p="pro"}'


def test_an_offset_takes_a_duration(expand):
    assert expand("a offset $one", {"name": "one", "type": "custom", "query": "5m"}) == "a offset 5m"
    with pytest.raises(CheckFailedError, match="stands in a duration"):
        expand("a offset -$one", {"name": "one", "type": "custom", "query": "pro"})


def test_a_variable_in_a_comment_changes_nothing(expand):
    assert expand('a # "$one', {"name": "one", "type": "custom", "query": "x"}) == 'a # "x'
