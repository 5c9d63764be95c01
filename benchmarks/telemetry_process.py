"""One measurement in a process of its own, as large as the command line's: ``python -m benchmarks.telemetry_process``.

The arguments are what to measure (``push`` or ``verify``), how many series at least, how often, and the addresses of
the Pushgateway and of Prometheus. Prints one JSON object.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

# Not used here: it makes the process as large as that of the command line is.
import staging_validation.cli
from benchmarks.memory import peak_megabytes
from benchmarks.telemetry_runs import grown
from campaigns.telemetry_monitoring import Monitoring
from campaigns.telemetry_run import shipped_catalogue
from staging_validation.clients.emission import verify_run
from staging_validation.clients.http import HttpService
from staging_validation.clients.polling import wait_for
from staging_validation.clients.pushgateway import JOB, RUN_LABEL
from staging_validation.telemetry import Catalogue, RunPlan
from staging_validation.telemetry.plan import values_registry

RUN_ID = "benchmark"
"""One run for all measurements: each replaces the former's group, so that the Pushgateway always holds one."""

_VISIBLE_SECONDS = 30.0
_WARM = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print what was measured with ``peak_mb``, the process's peak of memory."""
    what, series, times, gateway_url, prometheus_url = sys.argv[1:] if arguments is None else arguments
    place = Monitoring.at(gateway_url, prometheus_url)
    plan, catalogue = grown(shipped_catalogue(), RUN_ID, int(series))
    measured = {"push": push, "verify": verify}[what](plan, catalogue, place, times=int(times))
    said = {**measured, "peak_mb": peak_megabytes(), "cli": staging_validation.cli.__name__}
    sys.stdout.write(json.dumps(said) + "\n")
    return 0


def push(plan: RunPlan, catalogue: Catalogue, place: Monitoring, *, times: int) -> dict[str, Any]:
    """Measure building and pushing a run's series beside a PUT of the same bytes, in turn.

    Args:
        plan: The run's plan.
        catalogue: The catalogue it was made from.
        place: Where it is pushed.
        times: How often.

    Returns:
        ``lines`` (series, without comments), ``bytes``, the medians ``pushed_ms`` and ``put_ms``, and ``times``, the
        median of the pairs' relations.
    """
    body = generate_latest(values_registry(plan, catalogue))
    http = HttpService("Pushgateway", place.gateway_url)
    pairs = []
    for _ in range(_WARM + times):
        put = _timed(lambda: _put(http, body))
        pushed = _timed(lambda: place.gateway.push(RUN_ID, values_registry(plan, catalogue)))
        pairs.append((pushed * 1000, put * 1000))
    pairs = pairs[_WARM:]
    return {
        "lines": sum(not line.startswith(b"#") for line in body.splitlines()),
        "bytes": len(body),
        "pushed_ms": median(pushed for pushed, _ in pairs),
        "put_ms": median(put for _, put in pairs),
        "times": median(pushed / put for pushed, put in pairs),
    }


def verify(plan: RunPlan, catalogue: Catalogue, place: Monitoring, *, times: int) -> dict[str, Any]:
    """Measure the verification of a run: computing the truth, the query, the comparison.

    Args:
        plan: The run's plan.
        catalogue: The catalogue it was made from.
        place: Where it is pushed and looked up.
        times: How often.

    Returns:
        ``series`` that were equal, those ``wrong`` in any way, and the median ``seconds``.

    Raises:
        DeadlineError: The run does not appear in Prometheus.
    """
    place.gateway.push(RUN_ID, values_registry(plan, catalogue))
    wait_for(
        "the pushed run in Prometheus",
        lambda: _counts(plan, catalogue, place)["wrong"] == 0 or None,
        timeout_seconds=_VISIBLE_SECONDS,
        seen=lambda: _counts(plan, catalogue, place),
    )
    seconds = [_timed(lambda: verify_run(plan, catalogue, prometheus=place.prometheus)) for _ in range(times)]
    return {**_counts(plan, catalogue, place), "seconds": median(seconds)}


def _counts(plan: RunPlan, catalogue: Catalogue, place: Monitoring) -> dict[str, int]:
    found: list[Any] = [result.actual for result in verify_run(plan, catalogue, prometheus=place.prometheus)]
    return {
        "series": sum(counts["equal"] for counts in found),
        "wrong": sum(counts["missing"] + counts["extra"] + counts["different"] for counts in found),
    }


def _put(http: HttpService, body: bytes) -> None:
    path = f"/metrics/job/{JOB}/{RUN_LABEL}/{RUN_ID}"
    response = http.request("PUT", path, data=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})
    if response.status_code not in (200, 202):
        raise http.unexpected("PUT", path, response)


def _timed(do: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
