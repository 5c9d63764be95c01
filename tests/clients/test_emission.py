"""The emission against a Pushgateway and a Prometheus in memory, which can be broken on purpose."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from staging_validation.clients.emission import emit_run, sweep_groups, verify_run
from staging_validation.clients.pushgateway import GatewayGroup, PushedGroup
from staging_validation.clients.source_files import read_source_files
from staging_validation.errors import ServiceAnswerError, ServiceUnreachableError
from staging_validation.project import include_dir
from staging_validation.results import Outcome, Severity
from staging_validation.telemetry import Sample, parse_catalogue, plan_run
from staging_validation.telemetry.plan import registry_samples
from staging_validation.telemetry.promise import ScrapeTarget

RUN = '{validation_run="run-1"}'
UP = 'max(timestamp(up{job="pushgateway",instance="gateway:9091"}))'
TARGET = ScrapeTarget(
    "pushgateway", "http://gateway:9091/metrics", "up", 0.05, job="pushgateway", instance="gateway:9091"
)
NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


class Monitoring:
    """A Pushgateway whose groups a Prometheus shows at its ``scrape_after``-th query after a push.

    Args:
        scrape_after: How many queries see the former state.
        spoil: Changes what a query returns.
        targets: What Prometheus says it scrapes.
    """

    address = "http://gateway:9091"
    scrape_job = "pushgateway"

    def __init__(
        self,
        *,
        scrape_after: int = 0,
        spoil: Callable[[list[Sample]], list[Sample]] = lambda samples: samples,
        targets: tuple[ScrapeTarget, ...] | None = (TARGET,),
    ) -> None:
        self.pushed: list[list[Sample]] = []
        self.deleted: list[str] = []
        self.known: list[PushedGroup] = []
        self._shown: list[Sample] = []
        self._scrape_after = scrape_after
        self._waiting = 0
        self._spoil = spoil
        self._targets = targets

    def push(self, validation_run, registry):
        added = {"job": "staging_validation", "validation_run": validation_run}
        self.pushed.append(
            [Sample(s.name, {**s.labels, **added}, s.value) for s in registry_samples(registry)]
        )
        self._waiting = self._scrape_after

    def delete(self, validation_run):
        self.deleted.append(validation_run)

    def groups(self):
        return self.known

    def all_groups(self):
        return [GatewayGroup({"job": "other"}, NOW)]

    def shown(self, validation_run):
        return self.pushed[-1]

    def started_at(self):
        return None

    def clock_offset(self):
        return 0.0

    def clock_offsets(self):
        return {"Prometheus (Date)": 0.0}

    def targets(self):
        return self._targets

    def query(self, expr):
        if expr == UP:
            return [Sample("", {}, time.time())]
        if expr != RUN:
            return []
        if self._waiting == 0 and self.pushed:
            self._shown = self.pushed[-1]
        self._waiting = max(0, self._waiting - 1)
        return self._spoil(list(self._shown))


@pytest.fixture(scope="module")
def catalogue():
    return parse_catalogue(read_source_files(include_dir("telemetry"), ".yaml"))


@pytest.fixture(scope="module")
def plan(catalogue):
    return plan_run("run-1", catalogue)


def emit(plan, catalogue, monitoring, timeout_seconds=5.0, **more):
    return emit_run(
        plan, catalogue, gateway=monitoring, prometheus=monitoring, timeout_seconds=timeout_seconds, **more
    )


def by_id(results):
    return {result.id.removeprefix("telemetry.emission."): result for result in results}


def test_each_push_is_seen_before_the_next(plan, catalogue):
    monitoring = Monitoring(scrape_after=2)
    results = emit(plan, catalogue, monitoring)
    assert list(by_id(results)) == ["promise", "baseline", "step_1", "step_2", "values"]
    assert {result.outcome for result in results} == {Outcome.PASSED}
    for result in results[1:]:
        assert 0.1 < result.evidence["push_to_visible_seconds"] < 5
        assert result.evidence["series"] == len(monitoring.pushed[0])
    baseline, *steps = monitoring.pushed
    assert {sample.value for sample in baseline} == {0.0}
    assert all([s.series for s in step] == [s.series for s in baseline] for step in steps)
    totals = [sum(s.value for s in pushed if s.name.endswith("_total")) for pushed in monitoring.pushed]
    assert totals == sorted(set(totals)), "every step adds something"
    verified = verify_run(plan, catalogue, prometheus=monitoring)
    assert {result.outcome for result in verified} == {Outcome.PASSED}


def test_the_values_can_be_pushed_in_one_step(plan, catalogue):
    assert list(by_id(emit(plan, catalogue, Monitoring(), steps=1))) == ["promise", "baseline", "values"]


def test_a_baseline_that_does_not_appear_keeps_the_values_back(plan, catalogue):
    monitoring = Monitoring(scrape_after=1_000_000)
    results = by_id(emit(plan, catalogue, monitoring, timeout_seconds=0.2))
    baseline = results["baseline"]
    assert baseline.outcome is Outcome.FAILED
    assert (
        "Waited 0.2 s for the baseline of run run-1 in Prometheus, in vain. Last seen: 20 of 20 metrics"
        in str(baseline.actual)
    )
    assert baseline.evidence["hop"] == "behind"
    assert str(baseline.evidence["because"])[1:] in str(baseline.actual)
    assert "visible_within_seconds" in baseline.remedy
    for stage in ("step_1", "step_2", "values"):
        assert results[stage].outcome is Outcome.SKIPPED
        assert "telemetry.emission.baseline failed" in results[stage].evidence["reason"]
    assert len(monitoring.pushed) == 1


def test_one_series_that_does_not_arrive_fails_its_step(plan, catalogue):
    lost = "rsolv_billing_invoice_paid_total"

    def spoil(samples):
        return [sample for sample in samples if sample.name != lost or sample.value == 0]

    results = by_id(emit(plan, catalogue, Monitoring(spoil=spoil), timeout_seconds=0.2))
    assert results["baseline"].outcome is Outcome.PASSED
    (failed,) = [result for result in results.values() if result.outcome is Outcome.FAILED]
    assert f"1 of 20 metrics not as pushed, first {lost}" in str(failed.actual)


def test_nothing_is_pushed_when_two_scrapes_do_not_fit(plan, catalogue):
    monitoring = Monitoring()
    results = by_id(emit(plan, catalogue, monitoring, timeout_seconds=0.09))
    assert results["promise"].outcome is Outcome.FAILED
    assert results["promise"].evidence["hop"] == "behind"
    assert {results[stage].outcome for stage in ("baseline", "step_1", "step_2", "values")} == {
        Outcome.SKIPPED
    }
    assert monitoring.pushed == []


@pytest.mark.parametrize("targets", [None, (), ServiceAnswerError("Prometheus", "no.", status=500)])
def test_an_interval_that_cannot_be_read_is_a_warning(plan, catalogue, targets):
    class Hidden(Monitoring):
        def targets(self):
            if isinstance(targets, Exception):
                raise targets
            return targets

    results = by_id(emit(plan, catalogue, Hidden()))
    promise = results.pop("promise")
    assert (promise.outcome, promise.severity) == (Outcome.FAILED, Severity.WARNING)
    assert promise.counts_as is Outcome.PASSED
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}


def test_a_prometheus_that_has_just_started_is_asked_again_for_its_targets(plan, catalogue):
    class Starting(Monitoring):
        asked = 0

        def targets(self):
            self.asked += 1
            return () if self.asked < 3 else super().targets()

    results = by_id(emit(plan, catalogue, Starting()))
    assert results["promise"].outcome is Outcome.PASSED


def test_a_refused_push_is_a_finding_with_the_gateways_reason(plan, catalogue):
    class Refusing(Monitoring):
        def push(self, validation_run, registry):
            raise ServiceAnswerError("Pushgateway", "answered 400: not a COUNTER", status=400)

    results = by_id(emit(plan, catalogue, Refusing()))
    assert results["baseline"].outcome is Outcome.FAILED
    assert results["baseline"].evidence["hop"] == "push_refused"
    assert "not a COUNTER" in results["baseline"].evidence["because"]
    assert results["values"].outcome is Outcome.SKIPPED


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_answer_about_the_way_to_the_gateway_is_raised(plan, catalogue, status):
    class Closed(Monitoring):
        def push(self, validation_run, registry):
            raise ServiceAnswerError("Pushgateway", f"answered {status}.", status=status)

    with pytest.raises(ServiceAnswerError, match=f"answered {status}"):
        emit(plan, catalogue, Closed())


def test_a_login_that_prometheus_does_not_accept_is_raised_before_anything_is_pushed(plan, catalogue):
    class Closed(Monitoring):
        def targets(self):
            raise ServiceAnswerError("Prometheus", "answered 401.", status=401)

    monitoring = Closed()
    with pytest.raises(ServiceAnswerError, match="answered 401"):
        emit(plan, catalogue, monitoring)
    assert monitoring.pushed == []


@pytest.mark.parametrize(
    ("spoil", "sort", "hop"),
    [
        (lambda samples: samples[1:], "missing", "relabelled"),
        (lambda samples: [*samples, samples[0]], "extra", "relabelled"),
        (
            lambda samples: [Sample(samples[0].name, samples[0].labels, 1e9), *samples[1:]],
            "different",
            "wrong_value",
        ),
    ],
)
def test_verification_names_what_is_wrong(plan, catalogue, spoil, sort, hop):
    monitoring = Monitoring()
    emit(plan, catalogue, monitoring)
    monitoring._spoil = spoil
    verified = verify_run(plan, catalogue, prometheus=monitoring, gateway=monitoring)
    wrong = [result for result in verified if result.outcome is Outcome.FAILED]
    assert [result.actual[sort] for result in wrong] == [1]
    assert wrong[0].evidence["hop"] == hop
    assert all("hop" not in result.evidence for result in verified if result.outcome is Outcome.PASSED)


def test_a_series_under_another_job_is_not_the_pushed_one(plan, catalogue):
    monitoring = Monitoring()
    emit(plan, catalogue, monitoring)
    monitoring._spoil = lambda samples: [
        Sample(s.name, {**s.labels, "job": "pushgateway", "exported_job": s.labels["job"]}, s.value)
        for s in samples
    ]
    verified = verify_run(plan, catalogue, prometheus=monitoring, gateway=monitoring)
    assert {result.outcome for result in verified} == {Outcome.FAILED}
    assert "honor_labels is not set" in verified[0].evidence["because"]


def test_an_outage_is_raised_and_not_taken_for_a_finding(plan, catalogue):
    class Dead(Monitoring):
        def query(self, expr):
            raise ServiceUnreachableError("Prometheus", "cannot be reached.")

    with pytest.raises(ServiceUnreachableError, match=r"^Prometheus: "):
        emit(plan, catalogue, Dead())


def test_only_old_groups_of_other_runs_are_swept():
    gateway = Monitoring()
    hour = timedelta(hours=1)
    gateway.known = [
        PushedGroup("old", NOW - hour),
        PushedGroup("mine", NOW - hour),
        PushedGroup("at-the-limit", NOW),
        PushedGroup("young", NOW + hour),
    ]
    assert sweep_groups(gateway, older_than=NOW, keep="mine") == ["old"]
    assert gateway.deleted == ["old"]
