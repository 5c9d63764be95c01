"""The load's figures are the contract's, and a smaller load is the same one, only less of it."""

from __future__ import annotations

import pytest

from staging_validation.errors import ConfigurationError
from staging_validation.load.profile import CONTRACT


def test_it_is_the_contracts_load():
    sign_ups, (steady, burst) = CONTRACT.sign_ups, CONTRACT.webhooks
    assert sign_ups.users == 100
    limits = sign_ups.thresholds
    assert (limits.percentile, limits.milliseconds, limits.failed_share) == (95, 500, 0.01)
    assert limits.succeeded_share == 0.95
    assert (steady.count, steady.seconds) == (1000, 60)
    assert (burst.per_second, burst.seconds, burst.count) == (50, 30, 1500)
    assert {(phase.thresholds.percentile, phase.thresholds.milliseconds) for phase in CONTRACT.webhooks} == {
        (99, 200)
    }
    assert {phase.thresholds.failed_share for phase in CONTRACT.webhooks} == {0.001}
    assert CONTRACT.duplicates_share == 0.1


def test_a_smaller_load_has_the_same_rates_and_thresholds():
    small = CONTRACT.scaled(0.1)
    assert small.sign_ups.users == 10
    assert [phase.count for phase in small.webhooks] == [100, 150]
    assert [phase.per_second for phase in small.webhooks] == [phase.per_second for phase in CONTRACT.webhooks]
    assert small.sign_ups.thresholds == CONTRACT.sign_ups.thresholds
    assert small.scale == 0.1


def test_more_patience_changes_latencies_only():
    patient = CONTRACT.slower(4)
    assert patient.sign_ups.thresholds.milliseconds == 2000
    assert {phase.thresholds.milliseconds for phase in patient.webhooks} == {800}
    assert patient.sign_ups.thresholds.failed_share == CONTRACT.sign_ups.thresholds.failed_share


def test_the_smallest_load_still_sends_something():
    tiny = CONTRACT.scaled(0.0001)
    assert tiny.sign_ups.users == 1
    assert [phase.count for phase in tiny.webhooks] == [1, 1]


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_a_scale_that_is_none_is_refused(scale):
    with pytest.raises(ConfigurationError, match="scale"):
        CONTRACT.scaled(scale)


def test_less_patience_than_the_contract_is_refused():
    with pytest.raises(ConfigurationError, match="latency factor"):
        CONTRACT.slower(0.5)
