"""The emission against a Pushgateway and a Prometheus in memory, which can be broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from staging_validation.clients.emission import emit_run, sweep_groups, verify_run
from staging_validation.clients.pushgateway import PushedGroup
from staging_validation.clients.source_files import read_source_files
from staging_validation.errors import ServiceUnreachableError
from staging_validation.project import include_dir
from staging_validation.results import Outcome
from staging_validation.telemetry import Sample, parse_catalogue, plan_run
from staging_validation.telemetry.plan import registry_samples

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


class Monitoring:
    """A Pushgateway whose groups a Prometheus shows at its ``scrape_after``-th query after a push.

    Args:
        scrape_after: How many queries see the former state.
        spoil: Changes what a query returns.
    """

    def __init__(
        self,
        *,
        scrape_after: int = 0,
        spoil: Callable[[list[Sample]], list[Sample]] = lambda samples: samples,
    ) -> None:
        self.pushed: list[list[Sample]] = []
        self.deleted: list[str] = []
        self.known: list[PushedGroup] = []
        self._shown: list[Sample] = []
        self._scrape_after = scrape_after
        self._waiting = 0
        self._spoil = spoil

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

    def query(self, expr):
        assert expr == '{validation_run="run-1"}'
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


def emit(plan, catalogue, monitoring, timeout_seconds=5.0):
    return emit_run(
        plan, catalogue, gateway=monitoring, prometheus=monitoring, timeout_seconds=timeout_seconds
    )


def test_the_baseline_is_seen_before_the_values_are_pushed(plan, catalogue):
    monitoring = Monitoring(scrape_after=2)
    baseline, values = emit(plan, catalogue, monitoring)
    assert (baseline.id, baseline.outcome) == ("telemetry.emission.baseline", Outcome.PASSED)
    assert (values.id, values.outcome) == ("telemetry.emission.values", Outcome.PASSED)
    assert {sample.value for sample in monitoring.pushed[0]} == {0.0}
    assert [s.series for s in monitoring.pushed[0]] == [s.series for s in monitoring.pushed[1]]
    assert values.evidence["series"] == len(monitoring.pushed[1])
    assert 0.1 < values.evidence["push_to_visible_seconds"] < 5
    results = verify_run(plan, catalogue, prometheus=monitoring)
    assert {result.outcome for result in results} == {Outcome.PASSED}


def test_a_baseline_that_does_not_appear_keeps_the_values_back(plan, catalogue):
    monitoring = Monitoring(scrape_after=1_000_000)
    baseline, values = emit(plan, catalogue, monitoring, timeout_seconds=0.2)
    assert baseline.outcome is Outcome.FAILED
    assert (
        "Waited 0.2 s for the baseline of run run-1 in Prometheus, in vain. Last seen: 20 of 20 metrics"
        in str(baseline.actual)
    )
    assert "honor_labels" in baseline.remedy
    assert values.outcome is Outcome.SKIPPED
    assert len(monitoring.pushed) == 1


def test_one_series_that_does_not_arrive_fails_the_values(plan, catalogue):
    lost = "rsolv_billing_invoice_paid_total"

    def spoil(samples):
        return [sample for sample in samples if sample.name != lost or sample.value == 0]

    baseline, values = emit(plan, catalogue, Monitoring(spoil=spoil), timeout_seconds=0.2)
    assert baseline.outcome is Outcome.PASSED
    assert values.outcome is Outcome.FAILED
    assert f"1 of 20 metrics not as pushed, first {lost}" in str(values.actual)


@pytest.mark.parametrize(
    ("spoil", "sort"),
    [
        (lambda samples: samples[1:], "missing"),
        (lambda samples: [*samples, samples[0]], "extra"),
        (lambda samples: [Sample(samples[0].name, samples[0].labels, 1e9), *samples[1:]], "different"),
    ],
)
def test_verification_names_what_is_wrong(plan, catalogue, spoil, sort):
    monitoring = Monitoring()
    emit(plan, catalogue, monitoring)
    monitoring._spoil = spoil
    wrong = [r for r in verify_run(plan, catalogue, prometheus=monitoring) if r.outcome is Outcome.FAILED]
    assert [result.actual[sort] for result in wrong] == [1]


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
