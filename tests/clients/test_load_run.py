"""The load against a platform in memory: right, it passes; wrong in one place, that place is named."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.http import HttpService
from staging_validation.clients.load_queue import Draining
from staging_validation.clients.load_run import LoadRun
from staging_validation.errors import ConfigurationError, ServiceUnreachableError
from staging_validation.load.profile import Profile, SignUps, Thresholds, WebhookPhase
from staging_validation.results import Outcome
from tests.clients.load_platform import Platform, Stripe, running

PATIENT = Thresholds(99, 20_000.0, 0.001)
PROFILE = Profile(
    sign_ups=SignUps(20, 0.3, 0.3, 1.0, Thresholds(95, 20_000.0, 0.01, 0.95)),
    webhooks=(
        WebhookPhase("webhooks_steady", 150, 0.6, PATIENT),
        WebhookPhase("webhooks_burst", 250, 0.4, PATIENT),
    ),
)
"""The contract's load in small: machines are noisy, so latencies may be long unless a test makes them so."""

QUICK = Draining(longest_seconds=3.0, quiet_seconds=0.2, interval_seconds=0.05)


@pytest.fixture
def load():
    """Run the load on a platform with faults: what is neither passed nor skipped, by id."""

    def load(*faults, profile=PROFILE, stripe=None, paths=None, draining=QUICK, **platform):
        said = []
        with running(Platform(set(faults), **platform)) as running_platform:
            http = HttpService("billing API", running_platform.url)
            with http.session:
                run = LoadRun(
                    BillingApi(http, paths),
                    running_platform,
                    stripe or Stripe(),
                    run_id="load-r1",
                    profile=profile,
                    say=said.append,
                    draining=draining,
                )
                results = run.run()
        load.platform, load.said, load.all = running_platform, said, {result.id: result for result in results}
        return {
            result.id.removeprefix("load."): result
            for result in results
            if result.outcome is not Outcome.PASSED
        }

    return load


def test_a_right_platform_passes(load):
    assert load() == {}
    assert len(load.all) == 4 + 3 + 3 + 6
    platform = load.platform
    assert len(platform.customers) == 20
    assert len(platform.seen) == 90 + 100 + 1, "all of both phases, and the marker"
    assert len(platform.seen) - len(set(platform.seen)) == 19, "a tenth of them are duplicates"
    assert all(row.email.startswith("load-load-r1-") for row in platform.customers)
    assert all(row.email.endswith("@test.example.com") for row in platform.customers)


def test_it_says_how_it_goes(load):
    load()
    assert load.said[0] == "sign-ups: 20 requests within 0 s"
    assert "webhooks, 50 a second: 100 requests within 0 s" in load.said
    assert "every event" in load.said[-1]


def test_a_second_try_uses_other_addresses_and_events():
    with running(Platform()) as platform:
        http = HttpService("billing API", platform.url)
        with http.session:
            for attempt in (1, 2):
                run = LoadRun(
                    BillingApi(http),
                    platform,
                    Stripe(),
                    run_id="load-r1",
                    attempt=attempt,
                    profile=replace(PROFILE, webhooks=PROFILE.webhooks[:1]),
                    draining=QUICK,
                )
                assert {result.outcome for result in run.run()} == {Outcome.PASSED}
    assert len({row.email for row in platform.customers}) == 40


def test_a_lost_event_of_fifty_is_named(load):
    found = load("loses events")
    assert set(found) == {"effects.events", "effects.credits"} or set(found) == {"effects.events"}
    assert found["effects.events"].outcome is Outcome.FAILED
    for name in found["effects.events"].evidence["lost"]:
        assert name in load.platform.seen


def test_a_doubled_event_is_named_with_its_doubled_credit(load):
    found = load("doubles events")
    assert "rows)" in found["effects.events"].evidence["doubled"][0]
    assert "times)" in found["effects.credits"].evidence["doubled"][0]


def test_half_an_effect_is_named(load):
    assert "half" in load("forgets credits")["effects.credits"].evidence
    assert set(load("forgets the balance")) == {"effects.balances"}


def test_answers_of_500_are_failures_and_their_events_are_not_missed(load):
    found = load("answers 500")
    assert found["webhooks_steady.failed"].outcome is Outcome.FAILED
    assert "500" in found["webhooks_steady.failed"].actual
    assert not {name for name in found if name.startswith("effects.")}, "who answers 500 has promised nothing"


def test_slow_answers_are_failed_by_their_latency_alone(load):
    strict = replace(
        PROFILE,
        webhooks=tuple(
            replace(phase, thresholds=replace(PATIENT, milliseconds=400.0)) for phase in PROFILE.webhooks
        ),
    )
    found = load(profile=strict, answer_seconds=0.5)
    assert set(found) >= {"webhooks_steady.latency", "webhooks_burst.latency"}
    slow = found["webhooks_steady.latency"]
    assert slow.evidence["milliseconds"]["p50"] >= 499
    assert [bucket["requests"] for bucket in slow.evidence["histogram"][:6]] == [0] * 6


def test_a_generator_that_is_too_slow_is_errored_and_not_the_platform(load):
    class Busy(Stripe):
        """Signs like a machine that has something else to do."""

        def sign(self, body):
            end = time.perf_counter() + 0.02
            while time.perf_counter() < end:
                pass
            return super().sign(body)

    strict = replace(
        PROFILE,
        webhooks=(WebhookPhase("webhooks_burst", 250, 0.4, replace(PATIENT, milliseconds=200.0)),),
    )
    found = load(profile=strict, stripe=Busy())
    assert found["webhooks_burst.schedule"].outcome is Outcome.ERRORED
    assert found["webhooks_burst.latency"].outcome is Outcome.ERRORED
    assert "load generator" in found["webhooks_burst.latency"].actual
    assert not {name for name in found if name.startswith("effects.")}, "slow, and yet nothing was lost"


def test_failed_sign_ups_are_counted_and_half_ones_named(load):
    found = load("sign-ups fail")
    assert found["signups.failed"].outcome is Outcome.FAILED
    assert found["signups.succeeded"].outcome is Outcome.FAILED
    assert "PROVISIONING_FAILED" in found["signups.failed"].actual
    assert set(load("no bonus")) == {"effects.signups"}
    assert set(load("sign-up lost")) == {"effects.signups"}


def test_a_sign_up_without_a_key_is_no_success(load):
    found = load("no API key", profile=replace(PROFILE, sign_ups=replace(PROFILE.sign_ups, users=7)))
    assert set(found) == {"signups.succeeded"}
    assert found["signups.succeeded"].actual == "6 of 7 (85.71%); 1 x 201 without an API key"


def test_without_a_customer_no_webhook_is_sent(load):
    found = load("another database")
    assert set(found) == {"webhooks.crowd"}
    assert load.platform.seen == []


def test_a_queue_that_stands_still_is_said_so_in_bounded_time(load):
    found = load("queue stands still")
    queue = found["effects.queue"]
    assert queue.outcome is Outcome.FAILED
    assert "0 of" in queue.actual
    assert "worker" in queue.remedy


@pytest.mark.parametrize("call", ["members", "count_recorded", "found"])
def test_a_database_that_dies_on_the_way_is_errored_and_what_was_measured_is_kept(load, monkeypatch, call):
    def dead(self, *_):
        raise ServiceUnreachableError("PostgreSQL", "there is no connection, or it was lost.")

    monkeypatch.setattr(Platform, call, dead)
    found = load()
    assert set(found) == {"effects.read"}
    assert found["effects.read"].outcome is Outcome.ERRORED
    assert found["effects.read"].actual.startswith("PostgreSQL: ")
    assert "load.signups.latency" in load.all


def test_a_platform_without_sign_ups_is_a_matter_of_configuration(load):
    for operation in ("onboard", "webhook"):
        with pytest.raises(ConfigurationError, match=operation):
            load(paths={operation: None})
