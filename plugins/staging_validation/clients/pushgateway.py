"""The Pushgateway: pushes a run's metrics as one group, lists and deletes the groups of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from staging_validation.clients.http import HttpService
from staging_validation.errors import ServiceAnswerError, ServiceError

if TYPE_CHECKING:
    import requests
    from prometheus_client import CollectorRegistry

JOB = "staging_validation"
"""The grouping label ``job`` of everything this package pushes."""

RUN_LABEL = "validation_run"
"""The grouping label that carries the run's id."""

_TIMES = ("push_time_seconds", "push_failure_time_seconds")


@dataclass(frozen=True)
class PushedGroup:
    """One run's group on the Pushgateway.

    Attributes:
        validation_run: The run's id.
        pushed_at: When it was last pushed to, successfully or not; with time zone.
    """

    validation_run: str
    pushed_at: datetime


class PushgatewayClient:
    """Talks to one Pushgateway (Pushgateway documentation, API). Never sends HEAD, which it answers with 405.

    Args:
        http: The service, named ``Pushgateway``.
    """

    def __init__(self, http: HttpService) -> None:
        self._http = http

    def push(self, validation_run: str, registry: CollectorRegistry) -> None:
        """Replace a run's group with the registry's metrics.

        Args:
            validation_run: The run's id.
            registry: The metrics. None may carry a timestamp, which the Pushgateway refuses.

        Raises:
            ServiceUnreachableError: The Pushgateway cannot be reached.
            ServiceAnswerError: It refused the metrics; the message has its reason. The group that even a refused
                push leaves behind has been deleted.
        """
        path = _group_path(validation_run)
        response = self._http.request(
            "PUT",
            path,
            data=generate_latest(registry),
            headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4},
        )
        if response.status_code not in (200, 202):
            raise self._refused(validation_run, response)

    def delete(self, validation_run: str) -> None:
        """Delete a run's group; it is no error when there is none.

        Raises:
            ServiceUnreachableError: The Pushgateway cannot be reached.
            ServiceAnswerError: It did not accept the deletion.
        """
        path = _group_path(validation_run)
        response = self._http.request("DELETE", path)
        if response.status_code != 202:
            raise self._http.unexpected("DELETE", path, response)

    def groups(self) -> list[PushedGroup]:
        """List the groups that runs of this package have pushed.

        Returns:
            The groups whose labels are exactly the job and the run's id, in the Pushgateway's order.

        Raises:
            ServiceUnreachableError: The Pushgateway cannot be reached.
            ServiceAnswerError: Its answer is not what its documentation says.
        """
        body = self._http.json("GET", "/api/v1/metrics")
        try:
            return [
                PushedGroup(entry["labels"][RUN_LABEL], _pushed_at(entry))
                for entry in body["data"]
                if _is_ours(entry["labels"])
            ]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ServiceAnswerError(
                self._http.name,
                f"GET /api/v1/metrics answered in an unknown shape ({type(error).__name__}: {error}).",
            ) from error

    def _refused(self, validation_run: str, response: requests.Response) -> ServiceAnswerError:
        refusal = self._http.unexpected("PUT", _group_path(validation_run), response)
        try:
            self.delete(validation_run)
        except ServiceError as error:
            left = f"; and the group it left behind could not be deleted: {error.message}"
            return ServiceAnswerError(
                self._http.name,
                refusal.message.removeprefix(f"{self._http.name}: ") + left,
                status=refusal.status,
                remedy="a later run sweeps the group",
            )
        return refusal


def _group_path(validation_run: str) -> str:
    return f"/metrics/job/{JOB}/{RUN_LABEL}/{quote(validation_run, safe='')}"


def _is_ours(labels: dict[str, str]) -> bool:
    named = {name: value for name, value in labels.items() if value}
    return named.get("job") == JOB and set(named) == {"job", RUN_LABEL}


def _pushed_at(entry: dict[str, Any]) -> datetime:
    times = [float(entry[name]["metrics"][0]["value"]) for name in _TIMES if name in entry]
    return datetime.fromtimestamp(max(times), tz=timezone.utc)
