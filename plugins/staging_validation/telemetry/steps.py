"""A run's values in cumulative steps, so that the rates that Prometheus computes from them have a shape."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import CollectorRegistry

from staging_validation.telemetry.catalogue import Catalogue
from staging_validation.telemetry.instruments import Instruments
from staging_validation.telemetry.plan import PlannedGauge, RunPlan, declare_plan, record_plan

DEFAULT_STEPS = 3
"""In how many steps a run's values are pushed, unless the run says otherwise."""


def cumulative_plans(plan: RunPlan, steps: int) -> tuple[RunPlan, ...]:
    """Divide a plan into parts that grow: each holds the one before it and adds its own share.

    Events are dealt out in turn, so that whatever a series counts is spread over the steps as evenly as whole
    events allow; gauges rise towards their value in equal steps, rounded down.

    Args:
        plan: The whole plan.
        steps: In how many steps; at least 1.

    Returns:
        The plans to push, one after the other. The last one is the whole plan. There are fewer than asked for
        when the plan has fewer events: every step adds something.

    Raises:
        ValueError: Fewer than one step is asked for.
    """
    if steps < 1:
        raise ValueError(f"a run needs at least 1 step, not {steps}")
    count = max(1, min(steps, len(plan.events)))
    return (*(_part(plan, number, count) for number in range(1, count)), plan)


def step_registry(plan: RunPlan, part: RunPlan, catalogue: Catalogue) -> CollectorRegistry:
    """Return all series of a plan, with the values that a part of it gives them.

    A push replaces the whole group, so a series that a step does not count yet must be pushed too: left out, it
    would end in Prometheus and begin again later.

    Args:
        plan: The whole plan.
        part: One of its :func:`cumulative_plans`.
        catalogue: The catalogue the plan was made from.
    """
    registry = CollectorRegistry()
    instruments = Instruments(catalogue, registry)
    declare_plan(plan, instruments)
    record_plan(part, instruments)
    return registry


def _part(plan: RunPlan, number: int, count: int) -> RunPlan:
    events = tuple(event for position, event in enumerate(plan.events) if position % count < number)
    return replace(plan, events=events, gauges=tuple(_share(gauge, number, count) for gauge in plan.gauges))


def _share(gauge: PlannedGauge, number: int, count: int) -> PlannedGauge:
    return replace(gauge, value=float(gauge.value * number // count))
