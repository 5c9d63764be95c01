"""The Pushgateway: pushes a run's metrics as one group, lists, reads and deletes the groups of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.parser import text_string_to_metric_families

from staging_validation.clients.clocks import date_offset, timed
from staging_validation.clients.http import HttpService
from staging_validation.errors import ServiceAnswerError, ServiceError
from staging_validation.telemetry.exposition import exposition
from staging_validation.telemetry.samples import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests
    from prometheus_client import CollectorRegistry

JOB = "staging_validation"
"""The grouping label ``job`` of everything this package pushes."""

RUN_LABEL = "validation_run"
"""The grouping label that carries the run's id."""

SCRAPE_JOB = "pushgateway"
"""The scrape job's name in Prometheus' configuration where the connection names no other one."""

STARTED = "process_start_time_seconds"
"""The metric with which a program of Prometheus' family says when its process started."""

REFUSED = (400, 413, 422)
"""Answers about what was pushed, which pushing it again would not change; others are about the way there."""

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


@dataclass(frozen=True)
class GatewayGroup:
    """Any group on the Pushgateway.

    Attributes:
        labels: The labels that group it, without empty ones.
        pushed_at: When it was last pushed to, successfully or not; with time zone.
    """

    labels: Mapping[str, str]
    pushed_at: datetime


class PushgatewayClient:
    """Talks to one Pushgateway (Pushgateway documentation, API). Never sends HEAD, which it answers with 405.

    Args:
        http: The service, named ``Pushgateway``.
        scrape_job: The name of the job in Prometheus' configuration that scrapes it.
    """

    def __init__(self, http: HttpService, *, scrape_job: str = SCRAPE_JOB) -> None:
        self._http = http
        self.scrape_job = scrape_job

    @property
    def address(self) -> str:
        """The address at which we reach it, without a trailing slash."""
        return self._http.base_url

    def push(self, validation_run: str, registry: CollectorRegistry) -> None:
        """Replace a run's group with the registry's metrics.

        Args:
            validation_run: The run's id.
            registry: The metrics. None may carry a timestamp, which the Pushgateway refuses.

        Raises:
            ServiceUnreachableError: The Pushgateway cannot be reached.
            ServiceAnswerError: It did not take the metrics; the message has its reason. When they are what it
                refuses (the status is one of :data:`REFUSED`), the group that even a refused push leaves behind
                has been deleted.
        """
        path = _group_path(validation_run)
        response = self._http.request(
            "PUT",
            path,
            data=exposition(registry),
            headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4},
        )
        if response.status_code in REFUSED:
            raise self._refused(validation_run, response)
        if response.status_code not in (200, 202):
            raise self._http.unexpected("PUT", path, response)

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
        return [
            PushedGroup(group.labels[RUN_LABEL], group.pushed_at)
            for group in self.all_groups()
            if _is_ours(group.labels)
        ]

    def all_groups(self) -> list[GatewayGroup]:
        """List all groups, whoever pushed them.

        Raises:
            ServiceUnreachableError: The Pushgateway cannot be reached.
            ServiceAnswerError: Its answer is not what its documentation says.
        """
        path = "/api/v1/metrics"
        body = self._http.json("GET", path)
        try:
            return [_group(entry) for entry in body["data"]]
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise self._odd(path, error) from error

    def shown(self, validation_run: str) -> list[Sample]:
        """Return what a run's group shows to whoever scrapes the Pushgateway.

        Args:
            validation_run: The run's id.

        Returns:
            The group's samples with all their labels but empty ones; none when there is no such group.

        Raises:
            ServiceUnreachableError: The Pushgateway cannot be reached.
            ServiceAnswerError: Its answer is not what its documentation says.
        """
        grouping = {"job": JOB, RUN_LABEL: validation_run}
        return [
            sample
            for sample in self._exposed()
            if "instance" not in sample.labels and grouping.items() <= sample.labels.items()
        ]

    def started_at(self) -> float | None:
        """Return when its process started, in Unix seconds; None when it does not tell.

        Raises:
            ServiceUnreachableError: The Pushgateway cannot be reached.
            ServiceAnswerError: Its answer is not what its documentation says.
        """
        own = (sample for sample in self._exposed() if not sample.labels)
        return next((sample.value for sample in own if sample.name == STARTED), None)

    def clock_offset(self) -> float | None:
        """Return how far the Pushgateway's clock is ahead of ours, in seconds; None when it does not tell it.

        Raises:
            ServiceUnreachableError: The Pushgateway cannot be reached.
        """
        return date_offset(*timed(lambda: self._http.request("GET", "/-/ready")))

    def _exposed(self) -> list[Sample]:
        path = "/metrics"
        response = self._http.request("GET", path)
        if response.status_code != 200:
            raise self._http.unexpected("GET", path, response)
        try:
            return [
                Sample(sample.name, _without_empty(sample.labels), float(sample.value))
                for family in text_string_to_metric_families(response.text)
                for sample in family.samples
            ]
        except ValueError as error:
            raise self._odd(path, error) from error

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

    def _odd(self, path: str, error: Exception) -> ServiceAnswerError:
        return ServiceAnswerError(
            self._http.name, f"GET {path} answered in an unknown shape ({type(error).__name__}: {error})."
        )


def _group_path(validation_run: str) -> str:
    return f"/metrics/job/{JOB}/{RUN_LABEL}/{quote(validation_run, safe='')}"


def _group(entry: Mapping[str, Any]) -> GatewayGroup:
    # A group that only refused pushes made has no metrics but these two times, of which one is zero.
    times = [float(entry[name]["metrics"][0]["value"]) for name in _TIMES if name in entry]
    return GatewayGroup(_without_empty(entry["labels"]), datetime.fromtimestamp(max(times), tz=timezone.utc))


def _is_ours(labels: Mapping[str, str]) -> bool:
    return labels.get("job") == JOB and set(labels) == {"job", RUN_LABEL}


def _without_empty(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if value}
