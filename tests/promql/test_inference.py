"""What is inferred holds in a real Prometheus: random expressions over series with every combination of labels."""

from __future__ import annotations

import math
import os
import random
import subprocess
import time
from itertools import product

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.monitoring import start_prometheus
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.ports import free_port
from local_staging.stack.supervisor import Supervisor
from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.known import KnownMetric, KnownMetrics, LabelValues, MetricKind
from staging_validation.promql.labels import infer_labels, labels_everywhere
from staging_validation.promql.matching import MatchFaultKind, match_faults
from staging_validation.promql.parser import parse
from staging_validation.promql.ranges import Truth, can_be_true, infer_range
from staging_validation.promql.tree import Binary, walk
from staging_validation.promql.units import infer_unit

REFUSED = frozenset({MatchFaultKind.MANY_TO_MANY, MatchFaultKind.MISSING_GROUP})
CAUSES = ("matching", "multiple matches", "same labelset", "duplicate")
"""How a server says that it refuses an expression because of the data."""

VALUES = {
    "customer": LabelValues(frozenset({"ann", "bob", "cid", "dan"}), open=True),
    "plan": LabelValues(frozenset({"trial", "pro"}), open=False),
    "status": LabelValues(frozenset({"success", "failed"}), open=False),
    "team": LabelValues(frozenset({"red", "blue"}), open=True),
}
BUCKETS = (50.0, 1000.0)
OWN = {
    "paid_total": ("customer", "plan", "status"),
    "tried_total": ("plan", "status"),
    "active": ("plan",),
    "info": ("plan", "team"),
    "wait_ms": ("plan",),
}
KINDS = {"active": MetricKind.GAUGE, "info": MetricKind.GAUGE, "wait_ms": MetricKind.HISTOGRAM}
KNOWN = KnownMetrics(
    KnownMetric(
        name,
        KINDS.get(name, MetricKind.COUNTER),
        labels={label: VALUES[label] for label in labels},
        buckets=BUCKETS if name == "wait_ms" else (),
        optional_labels=frozenset({"team"}) & set(labels),
    )
    for name, labels in OWN.items()
)


def all_series():
    """Every combination of label values, of every part of every metric."""
    for name, labels in OWN.items():
        for combination in product(*(sorted(VALUES[label].values) for label in labels)):
            pairs = dict(zip(labels, combination, strict=True)) | {"job": "gateway"}
            if pairs.get("team") == "blue":
                del pairs["team"]
            if name != "wait_ms":
                yield name, pairs
                continue
            yield from ((f"wait_ms_{part}", pairs) for part in ("sum", "count"))
            yield from (("wait_ms_bucket", pairs | {"le": bound}) for bound in ("50.0", "1000.0", "+Inf"))


def openmetrics(end):
    """Ten minutes of samples every fifteen seconds; counters rise at different speeds, one stands still."""
    lines = []
    for position, (name, labels) in enumerate(all_series()):
        inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
        for step in range(41):
            slope = {"50.0": 1, "1000.0": 3, "+Inf": 4}.get(labels.get("le", ""), position % 5)
            value = 7 - position if name in ("active", "info") else slope * step
            lines.append(f"{name}{{{inside}}} {value} {end - 600 + 15 * step}")
    return "\n".join([*lines, "# EOF"]) + "\n"


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    end = int(time.time()) - 600
    (folder / "samples.txt").write_text(openmetrics(end))
    with Supervisor() as supervisor:
        binaries = MonitoringBinaries(
            default_cache_dir(os.environ), supervisor=supervisor, log_dir=folder, environ=os.environ
        )
        command = [binaries.find("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
        subprocess.run([*command, folder / "samples.txt", folder / "data"], check=True, capture_output=True)
        port = free_port()
        prometheus = binaries.find("prometheus")
        start_prometheus(prometheus, port, {}, folder, supervisor=supervisor, log_dir=folder)
        with requests.Session() as session:

            def query(text):
                url = f"http://127.0.0.1:{port}/api/v1/query"
                return session.post(url, data={"query": text, "time": end}, timeout=10).json()

            yield query


SETS = ("and", "or", "unless")


class Writer:
    """Writes random expressions that are well formed and well typed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one_of(self, *choices):
        return self.random.choice(choices)

    def some(self, *choices):
        return ", ".join(self.random.sample(choices, self.random.randint(0, 2)))

    def selector(self, *names):
        label = self.one_of("plan", "status", "customer", "job", "team", "nothing")
        matcher = self.one_of('="pro"', '!="pro"', '=~"p.*|success"', '=""', '!=""', '=~".*"', '=~"a.+|bob"')
        braces = self.one_of("", "", f"{{{label}{matcher}}}")
        return (
            self.one_of(*(names or (*[name for name in OWN if name != "wait_ms"], "wait_ms_count"))) + braces
        )

    def vector(self, depth):
        if depth == 0:
            return self.one_of(self.selector(), self.over_time(), self.selector())
        shape = self.one_of("call", "aggregation", "aggregation", "binary", "binary", "binary", "quantile")
        return getattr(self, shape)(depth - 1)

    def over_time(self):
        function = self.one_of(
            "rate", "increase", "max_over_time", "last_over_time", "count_over_time", "delta"
        )
        return f"{function}({self.selector()}[2m])"

    def call(self, depth):
        inner = self.vector(depth)
        replaced = self.one_of(
            '"plan", "x$1", "status", "(.*)"', '"new", "$1", "team", "(.+)"', '"plan", "", "", ""'
        )
        return self.one_of(
            f"abs({inner})",
            f"-({inner})",
            f"clamp({inner}, 1, 5)",
            f"label_replace({inner}, {replaced})",
            f'label_join({inner}, "plan", "-", "plan", "team")',
            f"absent({self.selector()})",
            f"sort({inner})",
            f"ceil({inner})",
            f"{self.one_of('floor', 'round', 'sqrt', 'sgn', 'exp', 'hour', 'timestamp')}({inner})",
            f"{self.one_of('clamp_min', 'clamp_max')}({inner}, scalar({self.vector(depth)}))",
            f"{self.one_of('min', 'avg', 'sum', 'stddev', 'last', 'present')}_over_time(({inner})[1m:15s])",
            f"quantile_over_time(0.5, {self.selector()}[1m])",
            f"vector(scalar({inner}))",
        )

    def grouping(self):
        labels = self.some("plan", "status", "customer", "job", "team", "le")
        return self.one_of("", f" by ({labels}) ", f" without ({labels}) ")

    def aggregation(self, depth):
        operator = self.one_of(
            "sum", "avg", "max", "count", "stddev", "topk", "count_values", "quantile", "group"
        )
        parameter = {"topk": "2, ", "count_values": '"status", ', "quantile": "0.5, "}.get(operator, "")
        return f"{operator}{self.grouping()}({parameter}{self.vector(depth)})"

    def quantile(self, depth):
        inner = f"rate({self.selector('wait_ms_bucket')}[2m])"
        return (
            f"histogram_quantile({self.one_of(0.5, 0.95)}, {self.one_of('', 'sum by (le, plan) ')}({inner}))"
        )

    def binary(self, depth):
        number = self.one_of("2", "-1", "0", "time()", "", "", "", "")
        left, right = self.vector(depth), number or self.vector(depth)
        operator = self.one_of("+", "-", "*", "/", "/", "%", "^", ">", "<=", "==", "> bool", *SETS, *SETS)
        if operator in SETS:
            right = f"vector({number})" if number else right
            return f"({left} {operator} {self.one_of('', 'on (plan, job)', 'on ()')} {right})"
        if number:
            return self.one_of(f"({left} {operator} {right})", f"({right} {operator} {left})")
        labels = self.some("plan", "status", "customer", "team")
        group = self.one_of("", "", "group_left ()", "group_right ()", "group_left (team)")
        matching = self.one_of("", f"on ({labels}) {group}", f"ignoring ({labels}) {group}")
        if group == "group_left (team)" and "on" in matching and "team" in labels:
            matching = ""  # a label that is both compared and taken over is no PromQL
        return f"({left} {operator} {matching} {right})"


def wrong_labels(text, series):
    labels = infer_labels(parse(text), KNOWN)
    there = set(series)
    yield from (f"{label} is missing" for label in labels.guaranteed - there)
    yield from (f"{label} is there" for label in there if not labels.may_have(label))
    yield from (f"{label} was lost" for label in there & labels.gone if not labels.may_have(label))
    for label, values in labels.values.items():
        if label in there and not values.may_hold(series[label]):
            yield f"{label} is {series[label]}"


def wrong_value(text, value):
    interval = infer_range(parse(text), KNOWN)
    if math.isnan(value):
        return not interval.nan
    if math.isinf(value):
        return not interval.infinite or not interval.lowest <= value <= interval.highest
    slack = 1e-9 * abs(value)
    inside = interval.lowest - slack <= value <= interval.highest + slack
    return not inside or (value == 0 and not interval.may_be_zero)


def test_what_is_inferred_holds_in_a_real_prometheus(ask):
    writer = Writer(20)
    wrong, seen = [], {"answers": 0, "series": 0, "refused": 0, "never": 0}
    for _ in range(600):
        text = writer.vector(writer.one_of(1, 1, 2, 2, 3))
        tree = parse(text)
        labels = labels_everywhere(tree, KNOWN)
        pairs = [piece for piece in walk(tree) if isinstance(piece, Binary)]
        kinds = {fault.kind for piece in pairs for fault in match_faults(piece, KNOWN, labels=labels)}
        answer = ask(text)
        if answer["status"] != "success":
            assert any(cause in answer["error"] for cause in CAUSES), (text, answer)
            seen["refused"] += bool(kinds & REFUSED)
            continue
        found = answer["data"]["result"]
        never = can_be_true(tree, KNOWN).truth is Truth.NEVER
        unmatched = _never_matches(tree, labels)
        seen["answers"] += bool(found)
        seen["never"] += never or unmatched
        if found and (never or unmatched):
            wrong.append((text, "should be empty", found[0]))
        for one in found:
            seen["series"] += 1
            value = float(one["value"][1])
            wrong.extend((text, complaint, one) for complaint in wrong_labels(text, one["metric"]))
            if wrong_value(text, value):
                wrong.append((text, infer_range(tree, KNOWN), one))
    assert wrong == []
    assert seen["answers"] > 250
    assert seen["series"] > 700
    assert seen["refused"] > 10
    assert seen["never"] > 20


def _never_matches(tree, labels):
    while hasattr(tree, "expr") and not isinstance(tree, Binary):
        if getattr(tree, "operator", None) is not None:
            return False
        tree = tree.expr
    if not isinstance(tree, Binary) or tree.operator.text in ("or", "unless"):
        return False
    return MatchFaultKind.NEVER_MATCHES in {fault.kind for fault in match_faults(tree, KNOWN, labels=labels)}


@pytest.mark.parametrize(
    "text",
    [
        'paid_total{status="failed"} / on (plan) paid_total',
        "sum by (plan, status) (tried_total) / on (plan) sum by (plan) (tried_total)",
        "active * ignoring (status) tried_total",
        "sum by (plan) (tried_total) * on (plan) group_left tried_total",
    ],
)
def test_what_is_proved_wrong_is_refused(ask, text):
    tree = parse(text)
    assert {fault.kind for fault in match_faults(tree, KNOWN)} <= REFUSED
    assert match_faults(tree, KNOWN)
    assert ask(text)["status"] == "error"


WORDS = """
sum by without on ignoring group_left ( ( ) ) { } [5m] , + - * / > == bool and or unless plan le 0 1 Inf NaN
rate histogram_quantile label_replace label_join clamp absent vector scalar quantile count_values topk up
paid_total wait_ms_bucket "plan" "" ="a" =~".*" [1h:] offset @ ^ % hour time floor abs quantile_over_time
"""


@given(st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join))
def test_nothing_that_can_be_parsed_stops_the_inference(text):
    try:
        tree = parse(text)
    except PromqlSyntaxError:
        return
    labels = labels_everywhere(tree, KNOWN)
    infer_unit(tree, KNOWN)
    infer_range(tree, KNOWN)
    can_be_true(tree, KNOWN)
    for piece in walk(tree):
        if isinstance(piece, Binary):
            match_faults(piece, KNOWN, labels=labels)


@pytest.mark.parametrize(
    "text",
    [
        "histogram_quantile(up)",
        "quantile_over_time(up[5m])",
        "label_replace(up)",
        "label_join(up)",
        "clamp(up)",
        "clamp_min(up)",
        "vector()",
        "scalar()",
        "absent()",
        "rate()",
        "nobody_has_this_function(up)",
        "up / 5e-324 * 1e308 / 1e-308",
        "Inf - Inf + up * Inf / Inf ^ Inf",
        "floor(vector(Inf)) + ceil(vector(NaN)) + sqrt(vector(1e308))",
        "up == NaN",
    ],
)
def test_wrong_calls_and_wild_numbers_stop_nothing(text):
    tree = parse(text)
    infer_labels(tree, KNOWN)
    infer_unit(tree, KNOWN)
    infer_range(tree, KNOWN)
    can_be_true(tree, KNOWN)
