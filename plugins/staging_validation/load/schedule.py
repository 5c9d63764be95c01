"""When every request of the load is meant to be sent: fixed before the first one, and the same for the same run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from staging_validation.load.profile import SignUps, WebhookPhase

_AT_ONCE_SHARE = 0.5
"""Of the duplicates, the share that follows its original directly, so that the platform meets both at the same time."""


@dataclass(frozen=True)
class Planned:
    """One request.

    Attributes:
        due: When it is meant to be sent, in seconds from the start of its phase.
        number: What is sent: the same number twice is the same thing twice.
    """

    due: float
    number: int


def plan_sign_ups(load: SignUps) -> list[Planned]:
    """Plan the sign-ups: users arrive evenly during the ramp, and each signs up at a pace of its own from then on.

    No number is used twice: every sign-up is another customer's.
    """
    times: list[float] = []
    for user in range(load.users):
        arrival = load.ramp_seconds * user / load.users
        stay = load.ramp_seconds + load.hold_seconds - arrival
        times += [
            arrival + again * load.pace_seconds
            for again in range(math.ceil(round(stay / load.pace_seconds, 6)))
        ]
    return [Planned(due, number) for number, due in enumerate(sorted(times))]


def plan_webhooks(
    phase: WebhookPhase, *, duplicates_share: float, first_number: int, run_id: str
) -> list[Planned]:
    """Plan the webhooks of a phase: each at a random moment of its own slice of the time.

    Args:
        phase: The phase.
        duplicates_share: The share of them that repeats an earlier one of the phase. Half of these follow their
            original directly.
        first_number: The number of the first event; the others follow it.
        run_id: The run; the same plan for the same run.
    """
    chance = Random(f"{run_id} {phase.name}")  # noqa: S311 - a plan, no secret
    width = phase.seconds / phase.count
    duplicates = round(phase.count * duplicates_share) if phase.count > 1 else 0
    repeats = set(chance.sample(range(1, phase.count), min(duplicates, phase.count - 1)))
    planned: list[Planned] = []
    next_number = first_number
    for position in range(phase.count):
        due = (position + chance.random()) * width
        if position in repeats:
            number = _repeated(planned, chance)
        else:
            number, next_number = next_number, next_number + 1
        planned.append(Planned(due, number))
    return planned


def _repeated(sent: Sequence[Planned], chance: Random) -> int:
    return sent[-1].number if chance.random() < _AT_ONCE_SHARE else chance.choice(sent).number
