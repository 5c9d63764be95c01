"""The shipped catalogue, and a real Pushgateway scraped by a real Prometheus every second."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.monitoring import prometheus_config, start_prometheus, start_pushgateway
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.ports import free_port
from local_staging.stack.supervisor import Supervisor
from staging_validation.clients.http import HttpService
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.pushgateway import PushgatewayClient
from staging_validation.clients.source_files import read_source_files
from staging_validation.project import include_dir
from staging_validation.source_files import SourceFile
from staging_validation.telemetry import Catalogue, parse_catalogue


@dataclass(frozen=True)
class Monitoring:
    gateway: PushgatewayClient
    prometheus: PrometheusClient


@pytest.fixture(scope="session")
def catalogue_file() -> SourceFile:
    (file,) = read_source_files(include_dir("telemetry"), ".yaml", relative_to=include_dir().parent)
    return file


@pytest.fixture(scope="session")
def catalogue(catalogue_file) -> Catalogue:
    return parse_catalogue([catalogue_file])


@pytest.fixture(scope="session")
def monitoring(tmp_path_factory) -> Iterator[Monitoring]:
    folder = tmp_path_factory.mktemp("monitoring")
    gateway_port, prometheus_port = free_port(), free_port()
    gateway_url = f"http://127.0.0.1:{gateway_port}"
    with Supervisor() as supervisor:
        binaries = MonitoringBinaries(
            default_cache_dir(os.environ), supervisor=supervisor, log_dir=folder, environ=os.environ
        )
        start_pushgateway(binaries.find("pushgateway"), gateway_port, supervisor=supervisor, log_dir=folder)
        start_prometheus(
            binaries.find("prometheus"),
            prometheus_port,
            prometheus_config(gateway_url, f"http://127.0.0.1:{free_port()}"),
            folder / "prometheus",
            supervisor=supervisor,
            log_dir=folder,
        )
        yield Monitoring(
            gateway=PushgatewayClient(HttpService("Pushgateway", gateway_url)),
            prometheus=PrometheusClient(HttpService("Prometheus", f"http://127.0.0.1:{prometheus_port}")),
        )
