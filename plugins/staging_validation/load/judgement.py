"""What a phase's figures mean: results against the contract's thresholds, and the generator's own among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import JsonValue

from staging_validation.load.profile import Profile, Thresholds
from staging_validation.load.samples import Sample, achieved_rate, histogram, percentile, percentiles
from staging_validation.results import CheckResult, Kind, Outcome

LAG_SHARE = 0.5
"""A generator that is late by more than this share of the allowed latency has measured itself (at its percentile)."""

LOWEST_RATE = 0.98
"""A generator that sends at less than this share of the planned rate has not put the load on."""

_SHOWN = 10
_GENERATOR = (
    "run the load where the processor has nothing else to do: this says nothing about the platform, and the "
    "figures are no measurement of it"
)
TITLES = {
    "signups": "sign-ups",
    "webhooks_steady": "webhooks, 1,000 a minute",
    "webhooks_burst": "webhooks, 50 a second",
}


def judge_phase(
    name: str, samples: Sequence[Sample], thresholds: Thresholds, profile: Profile
) -> list[CheckResult]:
    """Judge what one phase measured.

    Args:
        name: The phase's name.
        samples: Its requests, all of them.
        thresholds: What must hold.
        profile: The load it is a part of, for the evidence.

    Returns:
        Whether the generator kept its schedule; the latency; the share that failed; and the share that succeeded
        where the contract has one. A latency that is too long because the generator was late is *errored*.
    """
    schedule = _schedule(name, samples, thresholds)
    kept = schedule.outcome is Outcome.PASSED
    results = [schedule, _latency(name, samples, thresholds, profile, kept=kept)]
    results.append(_failed_share(name, samples, thresholds))
    if thresholds.succeeded_share is not None:
        results.append(_succeeded_share(name, samples, thresholds.succeeded_share))
    return results


def title(name: str) -> str:
    """Return what people call a phase."""
    return TITLES.get(name, name)


def _schedule(name: str, samples: Sequence[Sample], thresholds: Thresholds) -> CheckResult:
    lag = percentile([sample.lag_ms for sample in samples], thresholds.percentile)
    allowed = thresholds.milliseconds * LAG_SHARE
    rate = achieved_rate(samples, slack_seconds=allowed / 1000)
    kept = lag <= allowed and rate >= LOWEST_RATE
    rank = f"p{thresholds.percentile:g}"
    return CheckResult(
        id=f"load.{name}.schedule",
        kind=Kind.LOAD,
        subject=f"the load generator, {title(name)}",
        outcome=Outcome.PASSED if kept else Outcome.ERRORED,
        expected=f"at least {LOWEST_RATE:.0%} of the planned rate, and late by at most {allowed:g} ms ({rank})",
        actual=(
            f"{rate:.1%} of the planned rate, late by {lag:.1f} ms ({rank})"
            if kept
            else f"the load generator did not keep its schedule: {rate:.1%} of the planned rate, late by {lag:.0f} ms"
            f" ({rank})"
        ),
        evidence={
            "requests": len(samples),
            "late_ms": percentiles([sample.lag_ms for sample in samples]),
        },
        remedy=None if kept else _GENERATOR,
        duration_seconds=max((sample.done for sample in samples), default=0.0),
    )


def _latency(
    name: str, samples: Sequence[Sample], thresholds: Thresholds, profile: Profile, *, kept: bool
) -> CheckResult:
    latencies = [sample.latency_ms for sample in samples]
    reached, rank = percentile(latencies, thresholds.percentile), f"p{thresholds.percentile:g}"
    good = reached < thresholds.milliseconds
    late = not good and not kept
    measured = f"{rank} is {reached:.1f} ms of {len(samples)} requests"
    return CheckResult(
        id=f"load.{name}.latency",
        kind=Kind.LOAD,
        subject=f"latency, {title(name)}",
        outcome=Outcome.PASSED if good else Outcome.ERRORED if late else Outcome.FAILED,
        expected=f"{rank} below {thresholds.milliseconds:g} ms, from the intended moment of sending",
        actual=f"{measured}, and the load generator was late itself" if late else measured,
        evidence={
            "milliseconds": percentiles(latencies),
            "histogram": list[JsonValue](histogram(latencies)),
            **scale_of(profile),
        },
        remedy=None
        if good
        else _GENERATOR
        if late
        else "look at the slowest requests in the service's log and traces, and at the database's locks meanwhile",
    )


def _failed_share(name: str, samples: Sequence[Sample], thresholds: Thresholds) -> CheckResult:
    failed = [sample for sample in samples if not sample.good]
    share = len(failed) / len(samples) if samples else 1.0
    good = share < thresholds.failed_share
    return CheckResult(
        id=f"load.{name}.failed",
        kind=Kind.LOAD,
        subject=f"failed requests, {title(name)}",
        outcome=Outcome.PASSED if good else Outcome.FAILED,
        expected=f"under {thresholds.failed_share:.1%}",
        actual=f"{len(failed)} of {len(samples)} ({share:.2%}){_causes(failed)}",
        evidence={"failed": [f"{sample.key}: {sample.fault}" for sample in failed[:_SHOWN]]},
        remedy=None if good else "read the service's log at the time of the run; the evidence names requests",
    )


def _succeeded_share(name: str, samples: Sequence[Sample], wanted: float) -> CheckResult:
    short = [sample for sample in samples if not (sample.good and sample.complete)]
    share = 1 - len(short) / len(samples) if samples else 0.0
    good = share > wanted
    return CheckResult(
        id=f"load.{name}.succeeded",
        kind=Kind.LOAD,
        subject=f"successful requests, {title(name)}",
        outcome=Outcome.PASSED if good else Outcome.FAILED,
        expected=f"over {wanted:.0%}",
        actual=f"{len(samples) - len(short)} of {len(samples)} ({share:.2%}){_causes(short)}",
        evidence={"short": [f"{sample.key}: {sample.fault}" for sample in short[:_SHOWN]]},
        remedy=None if good else "compare an answer in the evidence with the contract's",
    )


def scale_of(profile: Profile) -> dict[str, JsonValue]:
    """Return what differs from the contract's load, for the evidence; nothing when nothing does."""
    differs: dict[str, JsonValue] = {}
    if profile.scale != 1:
        differs["scale"] = profile.scale
    if profile.latency_factor != 1:
        differs["latency_factor"] = profile.latency_factor
    return differs


def _causes(samples: Sequence[Sample]) -> str:
    causes = Counter(sample.fault or "incomplete" for sample in samples)
    return "".join(f"; {count} x {cause}" for cause, count in causes.most_common(3))
