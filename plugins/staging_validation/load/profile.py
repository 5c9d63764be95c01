"""How much load is put on the platform, and what it must stand (platform contract, section 8): data, no logic."""

from __future__ import annotations

from dataclasses import dataclass, replace

from staging_validation.errors import ConfigurationError

WORKFLOW = "load"
"""What the names of everything that the load makes begin with."""


@dataclass(frozen=True)
class Thresholds:
    """What a phase must stand.

    Attributes:
        percentile: Which percentile of the latencies is bounded.
        milliseconds: It stays below this, counted from the intended moment of sending.
        failed_share: The share of requests that get no answer, or another status than a good one, stays below this.
        succeeded_share: The share of good answers with everything they promise is above this; None: nobody asks.
    """

    percentile: float
    milliseconds: float
    failed_share: float
    succeeded_share: float | None = None


@dataclass(frozen=True)
class SignUps:
    """Users that come one after the other until all are there, and each of whom signs up again and again.

    Attributes:
        users: How many are there at the end of the ramp.
        ramp_seconds: How long it takes until all are there.
        hold_seconds: How long all of them stay.
        pace_seconds: The time between two sign-ups of one user, from start to start.
        thresholds: What must hold.
    """

    users: int = 100
    ramp_seconds: float = 30.0
    hold_seconds: float = 30.0
    pace_seconds: float = 10.0
    thresholds: Thresholds = Thresholds(95, 500.0, 0.01, 0.95)

    @property
    def name(self) -> str:
        """The phase's name in the ids of its results."""
        return "signups"


@dataclass(frozen=True)
class WebhookPhase:
    """Webhooks at one rate.

    Attributes:
        name: The phase's name in the ids of its results.
        per_second: The rate.
        seconds: How long.
        thresholds: What must hold.
    """

    name: str
    per_second: float
    seconds: float
    thresholds: Thresholds = Thresholds(99, 200.0, 0.001)

    @property
    def count(self) -> int:
        """How many webhooks are sent, duplicates among them."""
        return max(1, round(self.per_second * self.seconds))


@dataclass(frozen=True)
class Profile:
    """The whole load.

    Attributes:
        sign_ups: The first phase.
        webhooks: The phases after it.
        duplicates_share: Which share of the webhooks repeats one that was sent before.
        crowd: How many of the new customers the webhooks are about.
        scale: The share of the contract's load that this is.
        latency_factor: How many times the contract's latencies are allowed.
    """

    sign_ups: SignUps = SignUps()
    webhooks: tuple[WebhookPhase, ...] = (
        WebhookPhase("webhooks_steady", 1000 / 60, 60.0),
        WebhookPhase("webhooks_burst", 50.0, 30.0),
    )
    duplicates_share: float = 0.1
    crowd: int = 100
    scale: float = 1.0
    latency_factor: float = 1.0

    def scaled(self, scale: float) -> Profile:
        """Return a smaller load: fewer users and shorter phases, at the same rates.

        Args:
            scale: The share of users and seconds, above 0 and up to 1.

        Raises:
            ConfigurationError: It is no such share.
        """
        if not 0 < scale <= 1:
            raise ConfigurationError(
                f"The load's scale is {scale:g}, and must be above 0 and at most 1.",
                remedy="leave the param scale at 1 for the contract's load, or set it to 0.1 for a short form",
            )
        sign_ups = replace(
            self.sign_ups,
            users=max(1, round(self.sign_ups.users * scale)),
            ramp_seconds=self.sign_ups.ramp_seconds * scale,
            hold_seconds=self.sign_ups.hold_seconds * scale,
        )
        webhooks = tuple(replace(phase, seconds=phase.seconds * scale) for phase in self.webhooks)
        return replace(self, sign_ups=sign_ups, webhooks=webhooks, scale=self.scale * scale)

    def slower(self, factor: float) -> Profile:
        """Return the same load with latencies that may be so many times as long.

        Raises:
            ConfigurationError: The factor is below 1.
        """
        if factor < 1:
            raise ConfigurationError(
                f"The load's latency factor is {factor:g}, and must be 1 or more.",
                remedy="leave the param latency_factor at 1 for the contract's thresholds",
            )

        def relaxed(thresholds: Thresholds) -> Thresholds:
            return replace(thresholds, milliseconds=thresholds.milliseconds * factor)

        return replace(
            self,
            sign_ups=replace(self.sign_ups, thresholds=relaxed(self.sign_ups.thresholds)),
            webhooks=tuple(replace(phase, thresholds=relaxed(phase.thresholds)) for phase in self.webhooks),
            latency_factor=self.latency_factor * factor,
        )


CONTRACT = Profile()
"""The load of the platform contract."""
