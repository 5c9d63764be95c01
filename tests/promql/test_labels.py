"""The labels of an expression's series: which it has, which it may have, and what took the others away."""

from __future__ import annotations

import pytest

from staging_validation.promql.known import STAND_IN, KnownMetric, KnownMetrics, LabelValues, MetricKind
from staging_validation.promql.labels import infer_labels, labels_everywhere
from staging_validation.promql.parser import parse
from staging_validation.promql.tree import walk

PLAN = LabelValues(frozenset({"trial", "pro"}), open=False)
OPEN = LabelValues(frozenset({"a", "b"}), open=True)
LABELS = {"plan": PLAN, "customer": OPEN}
KNOWN = KnownMetrics(
    [
        KnownMetric("paid_total", MetricKind.COUNTER, "events", LABELS),
        KnownMetric("tried_total", MetricKind.COUNTER, "events", {**LABELS, "status": OPEN}),
        KnownMetric("wait_ms", MetricKind.HISTOGRAM, "milliseconds", {"plan": PLAN}, (1.0,)),
        KnownMetric(
            "info", MetricKind.GAUGE, None, {**LABELS, "team": OPEN}, optional_labels=frozenset({"team"})
        ),
    ]
)
WAY = {"job", "instance"}


def labels(text):
    return infer_labels(parse(text), KNOWN)


@pytest.mark.parametrize(
    ("text", "guaranteed", "possible"),
    [
        ("paid_total", {"__name__", "plan", "customer"}, {"__name__", "plan", "customer", *WAY}),
        ("info", {"__name__", "plan", "customer"}, {"__name__", "plan", "customer", "team", *WAY}),
        (
            'paid_total{job="a"}',
            {"__name__", "plan", "customer", "job"},
            {"__name__", "plan", "customer", *WAY},
        ),
        (
            'paid_total{job!=""}',
            {"__name__", "plan", "customer", "job"},
            {"__name__", "plan", "customer", *WAY},
        ),
        (
            'paid_total{job=""}',
            {"__name__", "plan", "customer"},
            {"__name__", "plan", "customer", "instance"},
        ),
        ("wait_ms_bucket", {"__name__", "plan", "le"}, {"__name__", "plan", "le", *WAY}),
        ("rate(paid_total[5m])", {"plan", "customer"}, {"plan", "customer", *WAY}),
        ("-paid_total", {"plan", "customer"}, {"plan", "customer", *WAY}),
        ("last_over_time(info[5m:])", {"__name__", "plan", "customer"}, {"__name__", *LABELS, "team", *WAY}),
        ("sum(paid_total)", set(), set()),
        ("sum by (plan, nothing) (paid_total)", {"plan"}, {"plan"}),
        ("sum by (plan) (unheard_of)", set(), {"plan"}),
        ("sum without (plan) (paid_total)", {"customer"}, {"customer", *WAY}),
        ("topk(3, paid_total)", {"__name__", "plan", "customer"}, {"__name__", "plan", "customer", *WAY}),
        ('count_values("v", paid_total)', {"v"}, {"v"}),
        (f'count_values("{STAND_IN}", paid_total)', set(), None),
        (f"sum by (plan, {STAND_IN}) (paid_total)", {"plan"}, {"__name__", "plan", "customer", *WAY}),
        ("histogram_quantile(0.5, rate(wait_ms_bucket[5m]))", {"plan"}, {"plan", *WAY}),
        ('absent(up{job="a", x=~"b", y="1", y="2"})', {"job"}, {"job"}),
        ("absent(sum(up))", set(), set()),
        ("vector(1)", set(), set()),
        ("hour()", set(), set()),
        ("unheard_of{a='b', c=~'.*', d=~'x.+', e!~'y', f!~'|y'}", {"__name__", "a", "d", "f"}, None),
        (f"unheard_of{{a='{STAND_IN}', b=~'x{STAND_IN}'}}", {"__name__"}, None),
    ],
)
def test_selectors_functions_and_aggregations(text, guaranteed, possible):
    found = labels(text)
    assert found.guaranteed == guaranteed
    assert found.possible == possible


@pytest.mark.parametrize(
    ("replacement", "guaranteed"),
    [
        ('"p", "$1", "plan", "(.*)"', True),
        ('"p", "$1", "plan", "(.+)"', True),
        ('"p", "fixed", "", ""', True),
        ('"p", "fixed", "plan", "a.*"', False),
        ('"p", "$1", "job", "(.*)"', False),
        (f'"p", "{STAND_IN}", "plan", "(.*)"', False),
    ],
)
def test_label_replace_writes_a_label(replacement, guaranteed):
    found = labels(f"label_replace(paid_total, {replacement})")
    assert "p" in (found.possible or ())
    assert ("p" in found.guaranteed) is guaranteed


def test_label_replace_can_take_a_label_away():
    found = labels('label_replace(paid_total, "plan", "", "", "")')
    assert not found.may_have("plan")
    assert found.lost_at("plan") == (0, len("label_replace"))


def test_label_replace_into_a_label_that_is_not_known_leaves_nothing_sure():
    found = labels(f'label_replace(paid_total, "{STAND_IN}", "x", "", "")')
    assert (found.guaranteed, found.possible) == (set(), None)


def test_label_join_writes_a_label():
    assert "p" in labels('label_join(paid_total, "p", "-", "plan", "job")').guaranteed
    assert "p" not in labels('label_join(paid_total, "p", "", "job")').guaranteed


@pytest.mark.parametrize(
    ("text", "guaranteed", "possible"),
    [
        ("paid_total * 2", {"plan", "customer"}, {"plan", "customer", *WAY}),
        ("2 < paid_total", {"__name__", "plan", "customer"}, {"__name__", "plan", "customer", *WAY}),
        ("paid_total > bool 2", {"plan", "customer"}, {"plan", "customer", *WAY}),
        ("1 + 1", set(), set()),
        ("paid_total / tried_total", {"plan", "customer", "status"}, {"plan", "customer", "status", *WAY}),
        ("paid_total / on (plan) tried_total", {"plan"}, {"plan"}),
        ("unheard_of / on (plan) unheard_of", set(), {"plan"}),
        ("paid_total / ignoring (status) tried_total", {"plan", "customer"}, {"plan", "customer", *WAY}),
        ("paid_total > ignoring (job) paid_total", {"__name__", *LABELS}, {"__name__", *LABELS, "instance"}),
        ("paid_total > on (plan) paid_total", {"plan"}, {"plan"}),
        ("unheard_of / sum by (plan) (paid_total)", {"plan"}, {"plan"}),
        (
            "paid_total * on (plan) group_left (status, team) sum by (plan, status) (tried_total)",
            {"plan", "customer", "status"},
            {"plan", "customer", "status", *WAY},
        ),
        (
            "sum by (plan) (paid_total) * on (plan) group_right (x) tried_total",
            {"plan", "customer", "status"},
            {"plan", "customer", "status", *WAY},
        ),
        ("sum by (plan) (paid_total) or vector(0)", set(), {"plan"}),
        ("paid_total or unheard_of", {"__name__"}, None),
        ("sum by (plan) (paid_total) and on () tried_total", {"plan"}, {"plan"}),
        ("sum by (plan) (paid_total) unless tried_total", {"plan"}, {"plan"}),
    ],
)
def test_operators(text, guaranteed, possible):
    found = labels(text)
    assert found.guaranteed == guaranteed
    assert found.possible == possible


@pytest.mark.parametrize(
    ("text", "label", "at"),
    [
        ("sum by (plan) (paid_total)", "customer", "sum"),
        ("sum by (plan) (unheard_of)", "customer", "sum"),
        ("max(sum by (plan) (paid_total))", "plan", "max"),
        ("max(sum by (plan) (paid_total))", "customer", "sum"),
        ("sum without (plan) (paid_total)", "plan", "sum"),
        ("rate(paid_total[5m])", "__name__", "rate"),
        ("paid_total / 2", "__name__", "/"),
        ("paid_total / on (plan) tried_total", "customer", "on (plan)"),
        ("sum by (plan, customer) (paid_total) / on (plan) paid_total", "status", "sum"),
        ("histogram_quantile(0.9, sum by (le) (wait_ms_bucket))", "le", "histogram_quantile"),
        ("histogram_quantile(0.9, sum by (le) (wait_ms_bucket))", "plan", "sum"),
        ('paid_total{job=""}', "job", 'job=""'),
        ("scalar(paid_total)", "plan", "scalar"),
    ],
)
def test_the_operator_that_took_a_label_away(text, label, at):
    span = labels(text).lost_at(label)
    assert span is not None
    assert text[span.start : span.end] == at


@pytest.mark.parametrize(
    ("text", "label"),
    [("paid_total", "plan"), ("paid_total", "nothing"), ("unheard_of", "x"), ("info", "team")],
)
def test_what_was_not_taken_away_has_no_place(text, label):
    assert labels(text).lost_at(label) is None


@pytest.mark.parametrize(
    ("text", "label", "values", "open_"),
    [
        ('paid_total{plan="pro"}', "plan", {"pro"}, False),
        ('paid_total{plan!="pro"}', "plan", {"trial"}, False),
        ('paid_total{plan=~"p.*"}', "plan", {"pro"}, False),
        ('paid_total{customer=~"a|c"}', "customer", {"a", "c"}, False),
        ('sum by (customer) (paid_total{customer!~"a"})', "customer", {"b"}, True),
        (f'paid_total{{plan="{STAND_IN}"}}', "plan", {"pro", "trial"}, False),
        ('label_replace(paid_total, "plan", "gold", "", "")', "plan", {"gold"}, False),
        ('paid_total{plan="pro"} or paid_total{plan="trial"}', "plan", {"pro", "trial"}, False),
    ],
)
def test_values_follow_their_labels(text, label, values, open_):
    assert labels(text).values[label] == LabelValues(frozenset(values), open_)


@pytest.mark.parametrize(
    "regex", ["[[:alpha:]]+", "(.+)+x", ".*.*.*.*.*.*.*x", "(?<name>a)b", "a(", "a{99999999999}"]
)
def test_a_regular_expression_that_cannot_be_judged_says_nothing(regex):
    found = infer_labels(parse(f'paid_total{{job=~"{regex}", plan=~"{regex}"}}'), KNOWN)
    assert "job" not in found.guaranteed
    assert found.values["plan"] == PLAN


def test_every_piece_can_be_asked():
    tree = parse("sum by (plan) (rate(paid_total[5m]))")
    everywhere = labels_everywhere(tree, KNOWN)
    assert ["customer" in everywhere.of(piece).guaranteed for piece in walk(tree)] == [
        False,
        True,
        True,
        True,
    ]


def test_without_knowledge_only_the_query_speaks():
    found = infer_labels(parse('paid_total{plan="pro"}'), None)
    assert (found.guaranteed, found.possible) == ({"__name__", "plan"}, None)
    assert found.gone == set()
