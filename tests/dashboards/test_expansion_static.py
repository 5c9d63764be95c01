"""Static expansion: stand-ins of the kind that the place needs, and the way back to the text as written."""

from __future__ import annotations

import promql_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staging_validation.dashboards import Dashboard, expand_statically
from staging_validation.dashboards.expansion_static import STAND_IN_DURATION, Expansion
from staging_validation.dashboards.variable_uses import Place, query_uses, text_uses
from staging_validation.promql.known import STAND_IN, STAND_IN_NUMBER
from staging_validation.promql.tree import Span

NUMBER = repr(STAND_IN_NUMBER)
VARIABLES = [
    {"name": "plan", "type": "query", "query": "label_values(plan)", "multi": True, "includeAll": True},
    {"name": "metric", "type": "query", "query": "metrics(.*)"},
    {"name": "names", "type": "custom", "query": "sales_total,refunds_total"},
    {"name": "size", "type": "custom", "query": "5,10"},
    {"name": "agg", "type": "custom", "query": "sum,avg"},
    {"name": "whole", "type": "custom", "query": "sum(a) by (b),up"},
    {"name": "step", "type": "interval", "query": "1m,5m"},
    {"name": "region", "type": "constant", "query": "eu"},
    {"name": "free", "type": "textbox"},
    {"name": "group", "type": "custom", "query": "plan,status"},
]


@pytest.fixture
def expand(build):
    dashboard = build("up", variables=VARIABLES)

    def run(text: str) -> Expansion:
        return expand_statically(text, dashboard, dashboard.panels[0])

    return run


@pytest.mark.parametrize(
    ("text", "expected", "place"),
    [
        ('a{p=~"$plan"}', f'a{{p=~"{STAND_IN}"}}', Place.REGEX),
        ('a{p !~ "x|${plan:regex}"}', f'a{{p !~ "x|{STAND_IN}"}}', Place.REGEX),
        ("a{p!=`[[plan]]`}", f"a{{p!=`{STAND_IN}`}}", Place.VALUE),
        ('a{p="x-$free-y"}', f'a{{p="x-{STAND_IN}-y"}}', Place.VALUE),
        ("a{p=~${plan:doublequote}}", f'a{{p=~"{STAND_IN}"}}', Place.REGEX),
        ('a{p="$region"}', 'a{p="eu"}', Place.VALUE),
        (
            'label_replace(a, "$free", "x", "y", "")',
            f'label_replace(a, "{STAND_IN}", "x", "y", "")',
            Place.STRING,
        ),
        ("a{$free}", f'a{{{STAND_IN}="{STAND_IN}"}}', Place.MATCHERS),
        ('a{$group="x"}', f'a{{{STAND_IN}="x"}}', Place.LABEL),
        ("rate(a[$__rate_interval])", "rate(a[60s])", Place.DURATION),
        ("rate(a[$step])", "rate(a[1m])", Place.DURATION),
        ("rate(a[$free])", f"rate(a[{STAND_IN_DURATION}])", Place.DURATION),
        ("rate(a[${free}m])", "rate(a[5m])", Place.DURATION),
        ("rate(a[5$free])", "rate(a[5m])", Place.DURATION),
        ("rate(a[${__range_s}s])", "rate(a[21600s])", Place.DURATION),
        ("max_over_time(a[1h:$step])", "max_over_time(a[1h:1m])", Place.DURATION),
        ("a offset $free", f"a offset {STAND_IN_DURATION}", Place.DURATION),
        ("a offset -$step", "a offset -1m", Place.DURATION),
        ("sum by ($group) (a)", f"sum by ({STAND_IN}) (a)", Place.LABEL),
        ("sum by (x, ${plan:csv}) (a)", f"sum by (x, {STAND_IN}) (a)", Place.LABEL),
        ("a * on($group) group_left b", f"a * on({STAND_IN}) group_left b", Place.LABEL),
        ("topk($free, a)", f"topk({NUMBER}, a)", Place.NUMBER),
        ("quantile by (x) ($free, a)", f"quantile by (x) ({NUMBER}, a)", Place.NUMBER),
        ("clamp_max(a, $free)", f"clamp_max(a, {NUMBER})", Place.NUMBER),
        ("a > $free", f"a > {NUMBER}", Place.NUMBER),
        ("a / $size", f"a / {NUMBER}", Place.NUMBER),
        ("increase(a[5m]) / $__range_s", f"increase(a[5m]) / {NUMBER}", Place.NUMBER),
        ("a @ $__from", f"a @ {NUMBER}", Place.NUMBER),
        ("rate($metric[5m])", f"rate({STAND_IN}[5m])", Place.NAME),
        ('$metric{p="x"}', f'{STAND_IN}{{p="x"}}', Place.NAME),
        ("sum($names)", f"sum({STAND_IN})", Place.NAME),
        ("a / sum($metric)", f"a / sum({STAND_IN})", Place.NAME),
        ("sales_${free}_total", f"sales_{STAND_IN}_total", Place.NAME),
        ("up # by $plan", f"up # by {STAND_IN}", Place.COMMENT),
    ],
)
def test_a_stand_in_has_the_kind_that_its_place_needs(expand, text, expected, place):
    found = expand(text)
    assert found.text == expected
    assert [use.place for use in found.uses] == [place]
    assert not found.opaque
    assert found.unknown == ()
    if place is not Place.COMMENT:
        promql_parser.parse(found.text)


@pytest.mark.parametrize("text", ["$agg(a)", "$agg by (x) (a)", "$whole", "a + $whole", "$free"])
def test_what_decides_over_the_structure_is_said_to_be_opaque(expand, text):
    assert expand(text).opaque


def test_a_use_knows_its_operator_quote_format_and_path(expand):
    first, second, third = expand("a{p=~'${plan:pipe}', q != \"$region\", r=`${__user.login}`}").uses
    assert (first.name, first.operator, first.quote, first.format, first.known) == (
        "plan",
        "=~",
        "'",
        "pipe",
        False,
    )
    assert (second.operator, second.in_braces, second.known) == ("!=", True, True)
    assert (third.name, third.path, third.operator, third.quote) == ("__user", "login", "=", "`")


def test_variables_that_nobody_defines_are_named(expand, build):
    found = expand('a{p="$plam", q="$__dashboard"} > $limit')
    assert [use.name for use in found.unknown] == ["plam", "limit"]
    assert found.text == f'a{{p="{STAND_IN}", q="{STAND_IN}"}} > {NUMBER}'
    exported = build("up", __inputs=[{"name": "DS", "type": "datasource", "pluginId": "prometheus"}])
    assert expand_statically('a{p="$DS"}', exported).unknown == ()


def test_a_repeated_panel_has_one_value_in_each_copy(build, make_panel, make_target):
    dashboard = build(make_panel(make_target("a"), repeat="plan"), variables=VARIABLES)
    (panel,) = dashboard.panels
    (use,) = expand_statically('a{p="$plan"}', dashboard, panel).uses
    assert use.repeated
    (use,) = expand_statically('a{p="$plan"}', dashboard).uses
    assert not use.repeated


def test_a_fixed_time_range_does_not_keep_a_query_from_being_read(build):
    dashboard = build("up", time={"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"})
    assert expand_statically("rate(a[$__range])", dashboard, dashboard.panels[0]).text == "rate(a[21600s])"


def test_groups_of_regular_expressions_and_escapes_are_no_variables(expand):
    text = r'label_replace(a, "b", "$1-${2}", "c", "(\"[.$]*)")'
    assert expand(text) == Expansion(text)
    assert [use.name for use in expand('a{p=~"\\\\$plan"}').uses] == ["plan"]
    assert expand('a{p=~"x$"}').uses == ()
    assert expand("a{p=~`\\`} > $size").uses[0].place is Place.NUMBER


def test_the_way_back(expand):
    text = 'sum by ($group) (rate(a{p=~"$plan", q="x"}[$__rate_interval])) > 5'
    found = expand(text)

    def back(piece: str) -> str:
        start = found.text.index(piece)
        span = found.original(Span(start, start + len(piece)))
        return text[span.start : span.end]

    assert back("sum by") == "sum by"
    assert back(f"({STAND_IN})") == "($group)"
    assert back(f'p=~"{STAND_IN}"') == 'p=~"$plan"'
    assert back('q="x"') == 'q="x"'
    assert back("60s") == "$__rate_interval"
    assert back("0s") == "$__rate_interval"
    assert back("[60s])) > 5") == "[$__rate_interval])) > 5"
    assert found.original(Span(0, len(found.text))) == Span(0, len(text))
    end = len(found.text)
    assert found.original(Span(end, end)) == Span(len(text), len(text))


PIECES = st.lists(
    st.sampled_from([*"aé \"'`{}[]\\#$\n", "$plan", "${free:regex}", "[[size]]", "=~"]), max_size=25
)


@settings(deadline=None)
@given(PIECES)
def test_every_place_of_any_text_leads_back_into_it(pieces):
    text = "".join(pieces)
    found = expand_statically(text, Dashboard("x", "x", "x", (), {}))
    assert [text[use.span.start : use.span.end] for use in found.uses] == [
        text[use.span.start : use.span.end] for use in query_uses(text)
    ]
    last = 0
    for offset in range(len(found.text) + 1):
        span = found.original(Span(offset, offset + 1))
        assert 0 <= span.start <= span.end <= len(text) + 1
        assert span.start >= last
        last = span.start
    assert found.original(Span(0, len(found.text))) == Span(0, len(text))


def test_variables_of_texts():
    uses = text_uses(
        "/d/x?var-p=${plan:queryparam}&${__url_time_range}&v=${__data.fields.name} $t [[old]] \\$x $ 5"
    )
    assert [(use.name, use.format, use.path) for use in uses] == [
        ("plan", "queryparam", ""),
        ("__url_time_range", "", ""),
        ("__data", "", "fields.name"),
        ("t", "", ""),
        ("old", "", ""),
        ("x", "", ""),
    ]
    assert text_uses("Sales [5m] {{plan}}") == ()
