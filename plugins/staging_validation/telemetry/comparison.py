"""Compares what should be in Prometheus with what is: exactly, series by series."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from staging_validation.results import CheckResult, Kind, Outcome
from staging_validation.telemetry.catalogue import Catalogue
from staging_validation.telemetry.model import GENERATED_SUFFIXES, MetricType
from staging_validation.telemetry.samples import Sample

GATEWAY_METRICS = frozenset({"push_time_seconds", "push_failure_time_seconds"})
"""What the Pushgateway adds to every group (Pushgateway documentation)."""

_SHOWN = 10
"""How many series of each sort a result's evidence names; it counts the rest."""

_Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class _Differences:
    expected: int = 0
    equal: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)


def own_samples(samples: Iterable[Sample], catalogue: Catalogue) -> list[Sample]:
    """Reduce samples to the labels that are the catalogue's own.

    The way through the Pushgateway and Prometheus adds labels (``job``, ``instance``, ``validation_run``,
    whatever a scrape configuration attaches); they are no part of the truth. The Pushgateway's own metrics are
    left out.

    Args:
        samples: What a query returned.
        catalogue: The catalogue. Samples of metrics that it does not have keep all their labels.
    """
    return [
        Sample(sample.name, _own_labels(sample, catalogue), sample.value)
        for sample in samples
        if sample.name not in GATEWAY_METRICS
    ]


def compare_samples(expected: Sequence[Sample], actual: Sequence[Sample]) -> list[CheckResult]:
    """Compare two sets of samples exactly.

    Args:
        expected: The truth.
        actual: What was found, with the same labels (see :func:`own_samples`).

    Returns:
        One result for each metric, in the order of the truth, then one for each metric that should not be
        there. The evidence names the series that are missing, extra (or there twice) or different. Without any
        truth there is one failed result: nothing was checked.
    """
    if not expected:
        return [
            CheckResult(
                id="telemetry.samples.none",
                kind=Kind.TELEMETRY,
                subject="Samples of the run",
                outcome=Outcome.FAILED,
                expected="at least one sample to compare",
                actual="none",
                remedy="check the section synthetic in include/telemetry/",
            )
        ]
    return [_result(metric, found) for metric, found in _compare(expected, actual).items()]


def _compare(expected: Sequence[Sample], actual: Sequence[Sample]) -> dict[str, _Differences]:
    found: dict[_Key, list[Sample]] = {}
    for sample in actual:
        found.setdefault(_key(sample), []).append(sample)
    differences: dict[str, _Differences] = {}
    for sample in expected:
        entry = differences.setdefault(family(sample), _Differences())
        entry.expected += 1
        there = found.pop(_key(sample), [])
        if not there:
            entry.missing.append(sample.series)
        elif there[0].value != sample.value:
            entry.different.append(f"{sample.series}: expected {sample.value:.17g}, is {there[0].value:.17g}")
        else:
            entry.equal += 1
        entry.extra.extend(f"{again.series} (there twice)" for again in there[1:])
    for left in found.values():
        entry = differences.setdefault(family(left[0]), _Differences())
        entry.extra.extend(sample.series for sample in left)
    return differences


def _result(metric: str, found: _Differences) -> CheckResult:
    counts = {"missing": len(found.missing), "extra": len(found.extra), "different": len(found.different)}
    evidence: dict[str, JsonValue] = {
        sort: list(named[:_SHOWN])
        for sort, named in (
            ("missing", found.missing),
            ("extra", found.extra),
            ("different", found.different),
        )
        if named
    }
    wrong = any(counts.values())
    return CheckResult(
        id=f"telemetry.samples.{metric.lower()}",
        kind=Kind.TELEMETRY,
        subject=metric,
        outcome=Outcome.FAILED if wrong else Outcome.PASSED,
        expected={"equal": found.expected, "missing": 0, "extra": 0, "different": 0},
        actual={"equal": found.equal, **counts},
        evidence=evidence,
        remedy=_remedy(found) if wrong else None,
    )


def _remedy(found: _Differences) -> str:
    if found.missing:
        return "check that Prometheus scrapes the Pushgateway with honor_labels and drops none of its series"
    if found.extra:
        return (
            "look for something else that pushes into this run's group, or a second scrape of the Pushgateway"
        )
    return "look for something that rewrites samples between the Pushgateway and Prometheus"


def family(sample: Sample) -> str:
    """Return the metric that a sample belongs to: a histogram's buckets, sum and count are one."""
    for suffix in GENERATED_SUFFIXES:
        if sample.name.endswith(suffix):
            return sample.name.removesuffix(suffix)
    return sample.name


def _key(sample: Sample) -> _Key:
    labels = dict(sample.labels)
    if "le" in labels:
        # The same bound is written 100, 100.0 or 1e+02, depending on who wrote it last.
        labels["le"] = _bound(labels["le"])
    return sample.name, tuple(sorted(labels.items()))


def _bound(text: str) -> str:
    try:
        bound = float(text)
    except ValueError:
        return text
    return "+Inf" if math.isinf(bound) else repr(bound)


def _own_labels(sample: Sample, catalogue: Catalogue) -> Mapping[str, str]:
    metric = catalogue.metrics.get(sample.name) or catalogue.metrics.get(family(sample))
    if metric is None:
        return sample.labels
    own = {*metric.labels, "le"} if metric.type is MetricType.HISTOGRAM else set(metric.labels)
    return {name: value for name, value in sample.labels.items() if name in own}
