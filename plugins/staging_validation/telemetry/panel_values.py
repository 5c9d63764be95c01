"""What each panel of the dashboard ``billing-metrics`` must show for a run's series alone, computed from its plan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from pydantic import JsonValue

from staging_validation.telemetry.catalogue import Catalogue
from staging_validation.telemetry.plan import RunPlan, expected_samples
from staging_validation.telemetry.samples import Sample

PANEL_TITLES: Mapping[int, str] = MappingProxyType(
    {
        1: "Subscription Creation Rate",
        2: "Payment Success Rate",
        3: "Revenue by Plan",
        4: "Payment Processing Duration (p95)",
        5: "Usage Tracking by Plan",
        6: "Customer Conversion Funnel",
        7: "Failed Payments by Reason",
        8: "Subscription Cancellation Rate",
        9: "Active Subscriptions by Plan",
        10: "Credit System Overview",
    }
)
"""The panels by their numbers (the platform contract)."""

_PREFIX = "rsolv_billing_"
_P95 = 0.95
_MOST_REASONS = 10
"""How many failure codes panel 7 shows."""


class Basis(str, Enum):
    """What a panel's value can be compared with.

    ``rate()`` and ``increase()`` extrapolate to the ends of their window by a factor that is the same for all
    series of one scrape.
    """

    EXACT = "exact"
    """The panel shows this very number: the factor cancels out, or no such function is used."""
    TOTAL = "total"
    """The raw difference of the counters; the panel shows it times that factor (and a second's part of it)."""


@dataclass(frozen=True)
class PanelValue:
    """One number that a panel must show.

    Attributes:
        panel_id: The panel's number.
        title: The panel's title.
        ref_id: The letter of the query in the panel.
        labels: The labels of the series in the query's answer.
        value: The number.
        unit: What one of it is.
        basis: What the number can be compared with.
    """

    panel_id: int
    title: str
    ref_id: str
    labels: Mapping[str, str]
    value: float
    unit: str
    basis: Basis


@dataclass(frozen=True)
class _Sum:
    """Series of one name that are added up: their labels, and those of the sum."""

    name: str
    by: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)

    def of(self, samples: Sequence[Sample]) -> dict[tuple[str, ...], float]:
        sums: dict[tuple[str, ...], float] = {}
        for sample in samples:
            if sample.name == _PREFIX + self.name and self.where.items() <= sample.labels.items():
                key = tuple(sample.labels[label] for label in self.by)
                sums[key] = sums.get(key, 0.0) + sample.value
        return sums


@dataclass(frozen=True)
class _Query:
    """A panel's query that adds series up, or (with ``of``) gives percent of another sum."""

    panel_id: int
    ref_id: str
    shows: _Sum
    unit: str
    basis: Basis = Basis.TOTAL
    per_unit: float = 1.0
    of: _Sum | None = None

    def values(self, samples: Sequence[Sample]) -> Iterator[PanelValue]:
        sums = self.shows.of(samples)
        if self.of is not None:
            whole = self.of.of(samples).get((), 0.0)
            sums = {(): 100 * sums.get((), 0.0) / whole} if whole else {}
        for key, value in sums.items():
            labels = dict(zip(self.shows.by, key, strict=True))
            yield _value(self.panel_id, self.ref_id, labels, value / self.per_unit, self.unit, self.basis)


_CREATED, _PAID = "subscription_created_total", "payment_processed_total"
_SUCCESS = {"status": "success"}
_QUERIES = (
    _Query(1, "A", _Sum(_CREATED, ("plan", "status")), "creations"),
    _Query(2, "A", _Sum(_PAID, (), _SUCCESS), "percent", Basis.EXACT, of=_Sum(_PAID)),
    _Query(3, "A", _Sum("invoice_paid_amount_cents_sum", ("plan",)), "US dollars", per_unit=100.0),
    _Query(5, "A", _Sum("usage_tracked_quantity_sum", ("plan",)), "fixes"),
    _Query(6, "A", _Sum("credits_added_total", (), {"reason": "trial_signup"}), "signups"),
    _Query(6, "B", _Sum("credits_added_total", (), {"reason": "trial_billing_added"}), "customers"),
    _Query(6, "C", _Sum(_CREATED, (), {"plan": "pro", **_SUCCESS}), "subscriptions"),
    _Query(
        8,
        "A",
        _Sum("subscription_cancelled_total"),
        "percent",
        Basis.EXACT,
        of=_Sum(_CREATED, (), _SUCCESS),
    ),
    _Query(9, "A", _Sum("active_subscriptions", ("plan",)), "subscriptions", Basis.EXACT),
    _Query(10, "A", _Sum("credits_added_quantity_sum"), "credits"),
    _Query(10, "B", _Sum("credits_consumed_quantity_sum"), "credits"),
)


def panel_values(plan: RunPlan, catalogue: Catalogue) -> tuple[PanelValue, ...]:
    """Compute what the dashboard's panels must show of a run.

    Args:
        plan: What the run emits.
        catalogue: The catalogue it was made from.

    Returns:
        The values, in the order of the panels. A panel for which the run has no series has none.
    """
    samples = expected_samples(plan, catalogue)
    values = [value for query in _QUERIES for value in query.values(samples)]
    values += [*_durations(samples), *_failures(samples)]
    return tuple(sorted(values, key=lambda value: (value.panel_id, value.ref_id)))


def panel_values_evidence(plan: RunPlan, catalogue: Catalogue) -> list[JsonValue]:
    """Return the values as evidence of a result: for who looks at the dashboard during the run.

    Args:
        plan: See :func:`panel_values`.
        catalogue: See :func:`panel_values`.
    """
    return [
        {
            "panel": f"{value.panel_id} {value.title}",
            "query": value.ref_id,
            "labels": dict(value.labels),
            "value": round(value.value, 6),
            "unit": value.unit,
            "basis": value.basis.value,
        }
        for value in panel_values(plan, catalogue)
    ]


def histogram_quantile(quantile: float, buckets: Mapping[float, float]) -> float | None:
    """Interpolate a quantile as Prometheus' ``histogram_quantile`` does (Prometheus source, ``BucketQuantile``).

    Args:
        quantile: Between 0 and 1.
        buckets: The cumulative counts by upper bound, ``+Inf`` included; no bound is below 0.

    Returns:
        The quantile; the highest finite bound when it lies above it; None without any observation.
    """
    bounds = sorted(buckets)
    if not bounds or not buckets[math.inf]:
        return None
    rank = quantile * buckets[math.inf]
    position = next((at for at, bound in enumerate(bounds) if buckets[bound] >= rank), len(bounds) - 1)
    if bounds[position] == math.inf:
        return bounds[-2] if len(bounds) > 1 else None
    lower, below = (bounds[position - 1], buckets[bounds[position - 1]]) if position else (0.0, 0.0)
    inside = buckets[bounds[position]] - below
    return lower + (bounds[position] - lower) * ((rank - below) / inside)


def _durations(samples: Sequence[Sample]) -> Iterator[PanelValue]:
    """Panel 4: by payment method, over all customers."""
    counts = _Sum("payment_processed_duration_milliseconds_bucket", ("payment_method", "le")).of(samples)
    for method in dict.fromkeys(method for method, _ in counts):
        buckets = {float(le): count for (of, le), count in counts.items() if of == method}
        found = histogram_quantile(_P95, buckets)
        if found is not None:
            yield _value(4, "A", {"payment_method": method}, found, "milliseconds", Basis.EXACT)


def _failures(samples: Sequence[Sample]) -> Iterator[PanelValue]:
    """Panel 7: the most frequent codes, those that occurred."""
    counts = _Sum("invoice_failed_total", ("failure_code",)).of(samples)
    most = sorted((-count, code) for (code,), count in counts.items())
    for negative, code in most[:_MOST_REASONS]:
        yield _value(7, "A", {"failure_code": code}, -negative, "failures", Basis.TOTAL)


def _value(
    panel_id: int, ref_id: str, labels: Mapping[str, str], value: float, unit: str, basis: Basis
) -> PanelValue:
    return PanelValue(panel_id, PANEL_TITLES[panel_id], ref_id, labels, value, unit, basis)
