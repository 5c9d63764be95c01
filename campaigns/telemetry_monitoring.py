"""A Pushgateway and a Prometheus of one's own on free loopback ports, for campaigns and benchmarks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.monitoring import prometheus_config, start_prometheus, start_pushgateway
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.ports import LOOPBACK, free_port
from local_staging.stack.supervisor import Supervisor
from staging_validation.clients.http import HttpService
from staging_validation.clients.polling import wait_for
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.pushgateway import PushgatewayClient

_FIRST_SCRAPE_SECONDS = 30.0
_SCRAPED = 'up{job="pushgateway"} == 1'


@dataclass(frozen=True)
class Monitoring:
    """A Pushgateway and the Prometheus that scrapes it. Build it with :meth:`at`.

    Attributes:
        gateway_url: The Pushgateway's address.
        prometheus_url: Prometheus' address.
        gateway: The Pushgateway's client.
        prometheus: Prometheus' client.
    """

    gateway_url: str
    prometheus_url: str
    gateway: PushgatewayClient
    prometheus: PrometheusClient

    @classmethod
    def at(cls, gateway_url: str, prometheus_url: str) -> Monitoring:
        """Build the clients for two addresses."""
        return cls(
            gateway_url,
            prometheus_url,
            PushgatewayClient(HttpService("Pushgateway", gateway_url)),
            PrometheusClient(HttpService("Prometheus", prometheus_url)),
        )

    def groups(self) -> list[str]:
        """Return the ids of the runs whose groups the Pushgateway holds."""
        return [group.validation_run for group in self.gateway.groups()]

    def versions(self) -> dict[str, JsonValue]:
        """Return the versions of the two programs."""
        gateway = HttpService("Pushgateway", self.gateway_url).json("GET", "/api/v1/status")
        prometheus = HttpService("Prometheus", self.prometheus_url).json("GET", "/api/v1/status/buildinfo")
        return {
            "pushgateway": gateway["data"]["build_information"]["version"],
            "prometheus": prometheus["data"]["version"],
        }


@contextmanager
def private_monitoring() -> Iterator[Monitoring]:
    """Start both in a temporary folder, Prometheus scraping every second; nothing is left at the end.

    Yields:
        The two, after Prometheus' first scrape of the Pushgateway: until then, discovery would count as latency.

    Raises:
        StagingValidationError: A program is not to be had, or did not start.
    """
    gateway_url, prometheus_url = (f"http://{LOOPBACK}:{free_port()}" for _ in range(2))
    with (
        tempfile.TemporaryDirectory(prefix="staging-validation-campaign-") as folder,
        Supervisor() as supervisor,
    ):
        # A Ctrl-C between a program's start and its bookkeeping would leave the program running.
        with supervisor.interruption.listening():
            _start(gateway_url, prometheus_url, Path(folder), supervisor)
        supervisor.interruption.check()
        place = Monitoring.at(gateway_url, prometheus_url)
        wait_for(
            "Prometheus' first scrape of the Pushgateway",
            lambda: place.prometheus.query(_SCRAPED) or None,
            timeout_seconds=_FIRST_SCRAPE_SECONDS,
        )
        yield place


def _start(gateway_url: str, prometheus_url: str, folder: Path, supervisor: Supervisor) -> None:
    binaries = MonitoringBinaries(
        default_cache_dir(os.environ), supervisor=supervisor, log_dir=folder, environ=os.environ
    )
    gateway_port, prometheus_port = (int(url.rpartition(":")[2]) for url in (gateway_url, prometheus_url))
    start_pushgateway(
        binaries.find("pushgateway"), gateway_port, supervisor=supervisor, log_dir=folder / "logs"
    )
    start_prometheus(
        binaries.find("prometheus"),
        prometheus_port,
        # There is no billing service here; Prometheus scrapes itself in its place.
        prometheus_config(gateway_url, prometheus_url),
        folder / "prometheus",
        supervisor=supervisor,
        log_dir=folder / "logs",
    )
