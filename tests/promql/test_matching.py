"""Pairings that cannot work whatever the data is, and those of which nothing can be proved."""

from __future__ import annotations

import pytest

from staging_validation.promql.known import STAND_IN, KnownMetric, KnownMetrics, LabelValues, MetricKind
from staging_validation.promql.labels import labels_everywhere
from staging_validation.promql.matching import MatchFaultKind, match_faults
from staging_validation.promql.parser import parse
from staging_validation.promql.tree import Binary, without_parens


def closed(*values):
    return LabelValues(frozenset(values), open=False)


CUSTOMERS = LabelValues(frozenset("abcdefgh"), open=True)
LABELS = {
    "customer": CUSTOMERS,
    "plan": closed("trial", "pro", "unknown"),
    "status": closed("success", "failed", "unknown"),
}
KNOWN = KnownMetrics(
    [
        KnownMetric("paid_total", MetricKind.COUNTER, "events", LABELS),
        KnownMetric("active", MetricKind.GAUGE, None, {"plan": LABELS["plan"]}),
        KnownMetric("learned_info", MetricKind.GAUGE, None, {"pod": CUSTOMERS, "node": CUSTOMERS}),
        KnownMetric("learned", MetricKind.GAUGE, None, {"pod": CUSTOMERS}),
    ]
)
BY_PLAN = "sum by (plan) (paid_total)"
BY_BOTH = "sum by (plan, status) (paid_total)"


def faults(text):
    tree = without_parens(parse(text))
    assert isinstance(tree, Binary)
    return match_faults(tree, KNOWN)


@pytest.mark.parametrize(
    ("text", "kind", "at", "labels"),
    [
        (f"{BY_BOTH} / {BY_PLAN}", MatchFaultKind.NEVER_MATCHES, "/", ("status",)),
        (f"{BY_PLAN} / sum(paid_total)", MatchFaultKind.NEVER_MATCHES, "/", ("plan",)),
        (f"sum(paid_total) * {BY_PLAN}", MatchFaultKind.NEVER_MATCHES, "*", ("plan",)),
        ("active + vector(1)", MatchFaultKind.NEVER_MATCHES, "+", ("plan",)),
        ("active and hour() > 8", MatchFaultKind.NEVER_MATCHES, "and", ("plan",)),
        (f"active unless {BY_BOTH}", MatchFaultKind.NEVER_MATCHES, "unless", ("status",)),
        (
            'paid_total{status="failed"} / paid_total{status="success"}',
            MatchFaultKind.NEVER_MATCHES,
            "/",
            ("status",),
        ),
        (f"{BY_BOTH} / ignoring (plan) {BY_PLAN}", MatchFaultKind.NEVER_MATCHES, "/", ("status",)),
        (f"{BY_PLAN} / on (customer) {BY_BOTH}", MatchFaultKind.ABSENT_LABEL, "customer", ("customer",)),
        (f"{BY_BOTH} / on (plan, status) {BY_PLAN}", MatchFaultKind.ABSENT_LABEL, "status", ("status",)),
        (f"active or on (typo) {BY_PLAN}", MatchFaultKind.ABSENT_LABEL, "typo", ("typo",)),
        (f"{BY_BOTH} / on (plan) {BY_PLAN}", MatchFaultKind.MISSING_GROUP, "on (plan)", ("status",)),
        (
            f"{BY_BOTH} / ignoring (status) {BY_PLAN}",
            MatchFaultKind.MISSING_GROUP,
            "ignoring (status)",
            ("status",),
        ),
        (f"{BY_PLAN} > on (plan) {BY_BOTH}", MatchFaultKind.MISSING_GROUP, "on (plan)", ("status",)),
        (
            f"sum by (customer, plan) (paid_total) / on (plan) {BY_PLAN}",
            MatchFaultKind.MISSING_GROUP,
            "on (plan)",
            ("customer",),
        ),
        (f"{BY_BOTH} / on (plan) {BY_BOTH}", MatchFaultKind.MANY_TO_MANY, "on (plan)", ("status",)),
        (
            f"{BY_PLAN} / on (plan) group_left {BY_BOTH}",
            MatchFaultKind.MANY_TO_MANY,
            "on (plan) group_left",
            ("status",),
        ),
        (
            f"{BY_BOTH} * on (plan) group_left (team) active",
            MatchFaultKind.ABSENT_INCLUDE,
            "team",
            ("team",),
        ),
    ],
)
def test_faults_are_found_with_their_place(text, kind, at, labels):
    (fault,) = faults(text)
    assert fault.kind is kind
    assert text[fault.span.start : fault.span.end] == at
    assert fault.labels == labels
    assert fault.message.endswith(".")
    assert fault.remedy


@pytest.mark.parametrize(
    "text",
    [
        f"{BY_BOTH} / on (plan) group_left {BY_PLAN}",
        f"{BY_BOTH} / ignoring (status) group_left {BY_PLAN}",
        f"{BY_PLAN} / on (plan) group_right {BY_BOTH}",
        f"{BY_PLAN} / {BY_PLAN}",
        f"{BY_PLAN} / on (plan) active",
        "paid_total / paid_total offset 1d",
        'paid_total{status="failed"} / on (customer, plan) paid_total{status="success"}',
        'sum by (plan, status) (paid_total{status!="failed"}) / on (plan) active',
        f'paid_total{{status="{STAND_IN}"}} / paid_total{{status="success"}}',
        f"sum by ({STAND_IN}) (paid_total) / {BY_PLAN}",
        f"active / on ({STAND_IN}) active",
        "active * 2",
        "2 > active",
        "active or vector(0)",
        f"active or {BY_BOTH}",
        "active and on () hour() > 8",
        f"active and on (plan) {BY_BOTH}",
        "unheard_of / sum by (plan) (unheard_of)",
        f"unheard_of / {BY_PLAN}",
        "learned * on (pod) group_left (node) learned_info",
        "learned * on (pod) learned_info",
        "active * on (job, instance) active",
        "1 + 1",
    ],
)
def test_what_works_or_cannot_be_proved_wrong_is_left_alone(text):
    assert faults(text) == ()


def test_the_remedy_says_what_to_write():
    (fault,) = faults(f"{BY_BOTH} / {BY_PLAN}")
    assert fault.remedy == "name the common labels: / on (plan) group_left"
    (fault,) = faults('paid_total{status="failed"} / paid_total{status="success"}')
    assert fault.remedy == "leave the label out of the comparison: / ignoring (status)"
    assert 'left it is "failed", right "success"' in fault.message


def test_inferred_labels_are_used_again():
    tree = parse(f"max({BY_BOTH} / {BY_PLAN})")
    labels = labels_everywhere(tree, KNOWN)
    assert len(match_faults(tree.expr, KNOWN, labels=labels)) == 1


def test_without_knowledge_only_what_the_query_says_is_judged():
    assert match_faults(parse(f"{BY_BOTH} / {BY_PLAN}"), None) == ()
    assert len(match_faults(parse('a{x="1"} / a{x="2"}'), None)) == 1
