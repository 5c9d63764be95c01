"""Names the hop at which a run's telemetry was lost or changed, from evidence that was gathered along its way.

::

    we ── push ──▶ Pushgateway ── scrape ──▶ Prometheus ── query ──▶ we
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pydantic import JsonValue

from staging_validation.results import CheckResult, Outcome
from staging_validation.telemetry.comparison import compare_samples
from staging_validation.telemetry.promise import GatewayTarget
from staging_validation.telemetry.samples import Sample

ASSUMED_INTERVAL_SECONDS = 15.0
"""The scrape interval where Prometheus does not tell it."""

_CLOCK_TOLERANCE_SECONDS = 2.0
_INTERVALS_BEHIND = 2


class Hop(str, Enum):
    """Where a series was lost or changed between its push and a query."""

    PUSH_REFUSED = "push_refused"
    """The Pushgateway did not take the push: inconsistent types, timestamps, a bad label."""
    NOT_SCRAPED = "not_scraped"
    """No target scrapes the Pushgateway, or its scrapes fail."""
    RELABELLED = "relabelled"
    """The series came in under other labels or another name, or were dropped on the way in."""
    WRONG_VALUE = "wrong_value"
    """The Pushgateway or Prometheus shows something else than was pushed."""
    STALE_GROUP = "stale_group"
    """Another group on the Pushgateway carries this run's label and answers for its series."""
    CLOCK_SKEW = "clock_skew"
    """Clocks differ by more than a scrape interval and 2 s: samples land in the past or the future."""
    BEHIND = "behind"
    """The Pushgateway is scraped, but what a query gives is older than two scrape intervals."""


REMEDIES: Mapping[Hop, str] = {
    Hop.PUSH_REFUSED: "remove what the Pushgateway names: usually another group that pushes the same metric with "
    "another type; delete that group, or correct its type or the catalogue's",
    Hop.NOT_SCRAPED: "give Prometheus a scrape job for the Pushgateway's address, and look at its page /targets until "
    "the target is up",
    Hop.RELABELLED: "set honor_labels: true on the Pushgateway's scrape job, and remove the (metric_)relabel_configs "
    "that drop or rename these labels or metrics",
    Hop.WRONG_VALUE: "find who else pushes into or deletes the run's group, or what rewrites samples between the "
    "Pushgateway and Prometheus",
    Hop.STALE_GROUP: "delete the other group from the Pushgateway",
    Hop.CLOCK_SKEW: "synchronise the clocks (NTP) of Airflow's workers, the Pushgateway and Prometheus",
    Hop.BEHIND: "look for the lag behind the scrape (remote write, a query frontend or its cache), or scrape more "
    "often, or allow more time (visible_within_seconds)",
}
"""What the reader can do about each hop."""


@dataclass(frozen=True)
class HopEvidence:
    """What was seen along the way of a run's series.

    Attributes:
        expected: What was pushed.
        refusal: The Pushgateway's reason for not taking the push.
        on_gateway: What the run's group on the Pushgateway shows; None when it could not be asked.
        other_groups: The labels of further groups on the Pushgateway that carry this run's label.
        gateway: The target that is the Pushgateway, where Prometheus names one.
        targets: How many targets Prometheus has; None when it does not tell them.
        in_prometheus: What Prometheus shows under the run's label.
        renamed: Series in Prometheus that carry the run's id in another label than its own.
        unlabelled: Series of ours in Prometheus that carry no run's id at all.
        clock_offsets: How far clocks are ahead of ours, in seconds, by their names.
        newest_age_seconds: The age of the newest sample of the Pushgateway's target that a query gives; infinite when
            it gives none, None when that cannot be told.
        scraped_since_push: Whether the target was scraped after the push; None when that cannot be told.
        unasked: What could not be asked, and why.
    """

    expected: Sequence[Sample] = ()
    refusal: str | None = None
    on_gateway: Sequence[Sample] | None = None
    other_groups: Sequence[str] = ()
    gateway: GatewayTarget | None = None
    targets: int | None = None
    in_prometheus: Sequence[Sample] = ()
    renamed: Sequence[Sample] = ()
    unlabelled: Sequence[Sample] = ()
    clock_offsets: Mapping[str, float] = field(default_factory=dict)
    newest_age_seconds: float | None = None
    scraped_since_push: bool | None = None
    unasked: Sequence[str] = ()

    @property
    def interval_seconds(self) -> float:
        """The scrape interval, assumed where it is not told."""
        return self.gateway.target.interval_seconds if self.gateway else ASSUMED_INTERVAL_SECONDS


@dataclass(frozen=True)
class NamedHop:
    """The hop, and what shows that it is this one.

    Attributes:
        hop: The hop.
        because: One sentence that says what was seen.
        remedy: What the reader can do about it.
    """

    hop: Hop
    because: str
    remedy: str


def name_hop(evidence: HopEvidence) -> NamedHop:
    """Decide at which hop the series were lost or changed.

    Signs that leave no doubt come first; clocks are looked at before ages, which wrong clocks falsify; what is
    left when nothing explains a difference is a value that was rewritten or a series that was dropped.

    Args:
        evidence: What was seen.

    Returns:
        The first hop that has a sign. Without any, everything has arrived meanwhile: it was behind.
    """
    signs = ((hop, sign(evidence)) for hop, sign in _SIGNS)
    late = (Hop.BEHIND, "everything is as pushed by now: it came after the time allowed")
    hop, because = next(((hop, because) for hop, because in signs if because), late)
    unasked = f" (not asked: {'; '.join(evidence.unasked)})" if evidence.unasked else ""
    return NamedHop(hop, because + unasked, REMEDIES[hop])


def with_hop(result: CheckResult, named: NamedHop) -> CheckResult:
    """Return a result with the hop in its evidence and the hop's remedy; one that did not fail as it is."""
    if result.outcome is not Outcome.FAILED:
        return result
    evidence: dict[str, JsonValue] = {
        **result.evidence,
        "hop": named.hop.value,
        "because": named.because,
    }
    return CheckResult.model_validate({**result.model_dump(), "evidence": evidence, "remedy": named.remedy})


def _refused(evidence: HopEvidence) -> str | None:
    return f"the Pushgateway refused the push: {evidence.refusal}" if evidence.refusal else None


def _not_scraped(evidence: HopEvidence) -> str | None:
    if evidence.gateway is not None:
        target = evidence.gateway.target
        if target.health == "up":
            return None
        why = target.last_error or "it has not been scraped yet"
        return f"Prometheus' target {target.url} (job {target.pool}) is {target.health}: {why}"
    if evidence.in_prometheus or evidence.newest_age_seconds is not None:
        return None
    known = "does not tell its targets" if evidence.targets is None else f"has {evidence.targets} targets"
    return f"Prometheus {known}, none of them is known to be the Pushgateway, and it holds nothing of the run"


def _answered_by_another_group(evidence: HopEvidence) -> str | None:
    if not evidence.other_groups:
        return None
    return f"the Pushgateway has a further group with this run's label: {', '.join(evidence.other_groups)}"


def _changed_on_the_gateway(evidence: HopEvidence) -> str | None:
    if evidence.on_gateway is None:
        return None
    if not evidence.on_gateway:
        return (
            "the Pushgateway does not show the run's group any more: it was deleted, or the gateway restarted"
        )
    found = _Difference.between(evidence.expected, evidence.on_gateway)
    return f"the Pushgateway itself does not show what was pushed: {found}" if found else None


def _other_labels(evidence: HopEvidence) -> str | None:
    if evidence.renamed:
        first = evidence.renamed[0].series
        return f"{len(evidence.renamed)} series carry the run's id in another label, for example {first}"
    extra = _Difference.between(evidence.expected, evidence.in_prometheus).extra
    if not extra:
        return None
    why = "honor_labels is not set: " if "exported_job=" in extra[0] else ""
    return f"{why}Prometheus holds {extra[0]}, which nobody pushed under that name and these labels"


def _clocks_differ(evidence: HopEvidence) -> str | None:
    allowed = evidence.interval_seconds + _CLOCK_TOLERANCE_SECONDS
    clocks = {"ours": 0.0, **evidence.clock_offsets}
    first, last = min(clocks, key=clocks.__getitem__), max(clocks, key=clocks.__getitem__)
    apart = clocks[last] - clocks[first]
    if apart <= allowed:
        return None
    return f"two clocks differ by {apart:.1f} s, more than {allowed:g} s: {last} is ahead of {first}"


def _old_samples(evidence: HopEvidence) -> str | None:
    limit = _INTERVALS_BEHIND * evidence.interval_seconds
    age = evidence.newest_age_seconds
    if age == math.inf:
        return "the Pushgateway is scraped, but no query gives a sample of it yet"
    if age is not None and age > limit:
        return f"the newest sample that Prometheus answers with is {age:.1f} s old, more than two scrapes ({limit:g} s)"
    if evidence.scraped_since_push is False:
        return f"Prometheus has not scraped since the push; it scrapes every {evidence.interval_seconds:g} s"
    return None


def _without_run(evidence: HopEvidence) -> str | None:
    if evidence.in_prometheus or not evidence.unlabelled:
        return None
    first = evidence.unlabelled[0].series
    return f"{len(evidence.unlabelled)} series came in without any run's label, for example {first}"


def _rewritten(evidence: HopEvidence) -> str | None:
    different = _Difference.between(evidence.expected, evidence.in_prometheus).different
    return f"Prometheus shows another value than the Pushgateway: {different[0]}" if different else None


def _dropped(evidence: HopEvidence) -> str | None:
    missing = _Difference.between(evidence.expected, evidence.in_prometheus).missing
    if not missing:
        return None
    return f"it was scraped, and dropped on the way in: Prometheus does not hold {missing[0]}"


@dataclass(frozen=True)
class _Difference:
    """The first series of each sort in which two sets of samples differ."""

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    different: tuple[str, ...] = ()

    @classmethod
    def between(cls, expected: Sequence[Sample], actual: Sequence[Sample]) -> _Difference:
        evidence = [result.evidence for result in compare_samples(expected, actual)]
        return cls(*(_named(evidence, sort) for sort in ("missing", "extra", "different")))

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.different)

    def __str__(self) -> str:
        for sort, found in (("", self.different), ("not pushed: ", self.extra), ("missing: ", self.missing)):
            if found:
                return f"{sort}{found[0]}"
        return "no difference"


def _named(evidence: Sequence[Mapping[str, JsonValue]], sort: str) -> tuple[str, ...]:
    lists = (found.get(sort) for found in evidence)
    return tuple(str(series) for named in lists if isinstance(named, list) for series in named)


_SIGNS: tuple[tuple[Hop, Callable[[HopEvidence], str | None]], ...] = (
    (Hop.PUSH_REFUSED, _refused),
    (Hop.NOT_SCRAPED, _not_scraped),
    (Hop.STALE_GROUP, _answered_by_another_group),
    (Hop.WRONG_VALUE, _changed_on_the_gateway),
    (Hop.RELABELLED, _other_labels),
    (Hop.CLOCK_SKEW, _clocks_differ),
    (Hop.BEHIND, _old_samples),
    (Hop.RELABELLED, _without_run),
    (Hop.WRONG_VALUE, _rewritten),
    (Hop.RELABELLED, _dropped),
)
