"""One run of synthetic telemetry, from the first push to the deletion, as the night does it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from campaigns.telemetry_monitoring import Monitoring
from staging_validation.clients.emission import emit_run, verify_run
from staging_validation.clients.source_files import read_source_files
from staging_validation.project import include_dir, project_root
from staging_validation.results import CheckResult, Outcome
from staging_validation.telemetry import Catalogue, expected_samples, parse_catalogue, plan_run

ENDS = ("baseline", "values")
"""The first and the last push of a run: without them nothing was proved, whatever the results say."""

_VISIBLE_WITHIN_SECONDS = 30.0
_WRONG = (Outcome.FAILED, Outcome.ERRORED, Outcome.REFUSED)


@dataclass(frozen=True)
class CarriedOut:
    """What came of one run.

    Attributes:
        latencies: For each push, how long it took until a query showed all of it, in seconds.
        series: How many series the run has, each bucket counted.
        equal: How many of them Prometheus held exactly.
        faults: Everything that was not as it should be.
        seconds: How long emission, verification and deletion took together.
    """

    latencies: dict[str, float]
    series: int
    equal: int
    faults: tuple[str, ...]
    seconds: float


def shipped_catalogue() -> Catalogue:
    """Read the shipped metric catalogue.

    Raises:
        CatalogueError: It is broken.
    """
    folder = include_dir("telemetry")
    return parse_catalogue(read_source_files(folder, ".yaml", relative_to=project_root()))


def carry_out(run_id: str, catalogue: Catalogue, place: Monitoring) -> CarriedOut:
    """Emit a run, verify every series of it, and delete its group.

    Args:
        run_id: The run's id.
        catalogue: The metric catalogue.
        place: Where.

    Raises:
        StagingValidationError: A service cannot be asked, or refuses.
    """
    began = time.monotonic()
    plan = plan_run(run_id, catalogue)
    emitted = emit_run(
        plan,
        catalogue,
        gateway=place.gateway,
        prometheus=place.prometheus,
        timeout_seconds=_VISIBLE_WITHIN_SECONDS,
    )
    verified = verify_run(plan, catalogue, prometheus=place.prometheus)
    place.gateway.delete(run_id)
    latencies = dict(_latencies(emitted))
    series, equal = len(expected_samples(plan, catalogue)), sum(map(_equal, verified))
    faults = [_sentence(result) for result in (*emitted, *verified) if result.counts_as in _WRONG]
    faults += [f"the push of the {stage} was not seen" for stage in ENDS if stage not in latencies]
    if equal != series:
        faults.append(f"{equal} of {series} series are equal")
    if run_id in place.groups():
        faults.append("the group is still there after its deletion")
    return CarriedOut(latencies, series, equal, tuple(faults), time.monotonic() - began)


def _latencies(results: Sequence[CheckResult]) -> Iterator[tuple[str, float]]:
    for result in results:
        latency = result.evidence.get("push_to_visible_seconds")
        if isinstance(latency, (int, float)):
            yield result.id.rpartition(".")[2], float(latency)


def _equal(result: CheckResult) -> int:
    counts = result.actual
    equal = counts.get("equal") if isinstance(counts, dict) else None
    return equal if isinstance(equal, int) else 0


def _sentence(result: CheckResult) -> str:
    hop = f" (hop: {result.evidence['hop']})" if "hop" in result.evidence else ""
    return f"{result.id}: expected {result.expected}, found {result.actual}{hop}"
