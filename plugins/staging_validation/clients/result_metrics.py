"""Pushes a run's results as metrics, into a group of their own on the Pushgateway."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from staging_validation.clients.pushgateway import JOB
from staging_validation.telemetry.exposition import exposition

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from staging_validation.clients.http import HttpService

DAG_LABEL = "dag"
"""The grouping label that carries the DAG's id. Groups of emitted telemetry carry ``validation_run`` instead, so the
sweep of those never touches these (:func:`staging_validation.clients.emission.sweep_groups`)."""


def push_results(http: HttpService, dag_id: str, registry: CollectorRegistry) -> None:
    """Replace a DAG's group with the metrics of its last finished run.

    Args:
        http: The Pushgateway.
        dag_id: The DAG.
        registry: The metrics; see :func:`staging_validation.notifications.metrics.results_registry`.

    Raises:
        ServiceUnreachableError: The Pushgateway cannot be reached.
        ServiceAnswerError: It did not take the metrics.
    """
    path = f"/metrics/job/{JOB}/{DAG_LABEL}/{quote(dag_id, safe='')}"
    response = http.request(
        "PUT", path, data=exposition(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
    )
    if response.status_code not in (200, 202):
        raise http.unexpected("PUT", path, response)
