"""A plan in cumulative steps: deterministic, growing, and whole at the end."""

from __future__ import annotations

import itertools

import pytest

from staging_validation.telemetry import plan_run
from staging_validation.telemetry.plan import (
    PlannedEvent,
    PlannedGauge,
    RunPlan,
    baseline_registry,
    expected_samples,
    registry_samples,
)
from staging_validation.telemetry.steps import cumulative_plans, step_registry


def values(plan, part, catalogue):
    return [
        (sample.series, sample.value) for sample in registry_samples(step_registry(plan, part, catalogue))
    ]


@pytest.mark.parametrize("steps", range(1, 11))
def test_the_steps_grow_to_the_whole_plan(catalogue, steps):
    plan = plan_run("run-1", catalogue)
    parts = cumulative_plans(plan, steps)
    assert len(parts) == steps
    assert parts[-1] is plan
    former: list[tuple[str, float]] = [
        (s.series, 0.0) for s in registry_samples(baseline_registry(plan, catalogue))
    ]
    for part in parts:
        shown = values(plan, part, catalogue)
        assert [series for series, _ in shown] == [series for series, _ in former]
        grown = [now - before for (_, now), (_, before) in zip(shown, former, strict=True)]
        assert min(grown) >= 0
        assert max(grown) > 0
        former = shown
    assert dict(former) == {sample.series: sample.value for sample in expected_samples(plan, catalogue)}


def test_the_steps_of_a_run_are_always_the_same(catalogue):
    assert cumulative_plans(plan_run("a", catalogue), 3) == cumulative_plans(plan_run("a", catalogue), 3)


def test_no_step_holds_much_more_than_its_share(catalogue):
    plan = plan_run("run-1", catalogue)
    sizes = [0, *(len(part.events) for part in cumulative_plans(plan, 3))]
    shares = [now - before for before, now in itertools.pairwise(sizes)]
    assert max(shares) - min(shares) <= 1


def test_there_are_never_more_steps_than_events():
    events = tuple(PlannedEvent(name, {}, {}) for name in ("a", "b"))
    plan = RunPlan("run-1", events, (PlannedGauge("open", {}, 5.0),))
    first, last = cumulative_plans(plan, 10)
    assert (first.events, first.gauges[0].value) == (events[:1], 2.0)
    assert last is plan


def test_a_plan_without_events_is_one_step():
    plan = RunPlan("run-1", (), (PlannedGauge("open", {}, 5.0),))
    assert cumulative_plans(plan, 3) == (plan,)


def test_no_step_at_all_is_no_emission():
    with pytest.raises(ValueError, match="at least 1 step, not 0"):
        cumulative_plans(RunPlan("run-1", (), ()), 0)
