"""The shipped catalogue, and a real Pushgateway scraped by a real Prometheus every second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaigns.telemetry_monitoring import Monitoring, private_monitoring
from staging_validation.clients.source_files import read_source_files
from staging_validation.project import include_dir
from staging_validation.source_files import SourceFile
from staging_validation.telemetry import Catalogue, parse_catalogue


@pytest.fixture(scope="session")
def catalogue_file() -> SourceFile:
    (file,) = read_source_files(include_dir("telemetry"), ".yaml", relative_to=include_dir().parent)
    return file


@pytest.fixture(scope="session")
def catalogue(catalogue_file) -> Catalogue:
    return parse_catalogue([catalogue_file])


@pytest.fixture(scope="session")
def monitoring() -> Iterator[Monitoring]:
    with private_monitoring() as started:
        yield started
