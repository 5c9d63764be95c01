"""Learns which metrics there are: from the metric catalogue, from an exposition, or from a Prometheus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from staging_validation.errors import ConfigurationError, ServiceAnswerError
from staging_validation.lint.knowledge import from_catalogue, from_exposition, from_prometheus_metadata

if TYPE_CHECKING:
    from staging_validation.clients.http import HttpService
    from staging_validation.promql.known import KnownMetrics

_YAML = (".yaml", ".yml")
_MOST_SERIES = 200_000
_REMEDY = "give a catalogue (.yaml or a folder), a file with an exposition, or the address of a Prometheus"


def known_metrics(source: str) -> KnownMetrics:
    """Learn the metrics of a source.

    Args:
        source: A catalogue (a ``.yaml`` file, or a folder of them), a file with what a ``/metrics`` address
            answers, or the address of a Prometheus.

    Raises:
        ConfigurationError: The source cannot be read, or is none of these.
        ServiceError: Prometheus cannot be asked.
    """
    if source.startswith(("http://", "https://")):
        from staging_validation.clients.http import HttpService

        return of_prometheus(HttpService("Prometheus", source))
    path = Path(source)
    if not path.exists():
        raise ConfigurationError(f"The catalogue {source} does not exist.", remedy=_REMEDY)
    return _of_catalogue(path) if path.is_dir() or path.suffix in _YAML else _of_exposition(path)


def of_prometheus(http: HttpService) -> KnownMetrics:
    """Learn the metrics that a Prometheus holds: types from its metadata, labels from its series of the last hours.

    Args:
        http: Prometheus.

    Raises:
        ServiceError: It cannot be asked, or does not answer as documented.
        ConfigurationError: It holds too many series to learn from.
    """
    metadata = _data(http, "/api/v1/metadata", {})
    series = _data(http, "/api/v1/series", {"match[]": '{__name__=~".+"}', "limit": str(_MOST_SERIES)})
    if not isinstance(metadata, dict) or not isinstance(series, list):
        raise ServiceAnswerError(http.name, "its metadata or series are not of the documented form.")
    if len(series) >= _MOST_SERIES:
        raise ConfigurationError(
            f"{http.name} holds {_MOST_SERIES} series or more, too many to learn labels from.",
            remedy="give a file with the exposition of the services that the dashboards show",
        )
    return from_prometheus_metadata(metadata, series)


def _data(http: HttpService, path: str, params: dict[str, str]) -> Any:
    response = http.request("GET", path, params=params)
    if response.status_code != 200:
        raise http.unexpected("GET", path, response)
    try:
        return response.json()["data"]
    except (KeyError, TypeError, ValueError) as error:
        raise ServiceAnswerError(http.name, f"{path} is no JSON with data.") from error


def _of_catalogue(path: Path) -> KnownMetrics:
    from staging_validation.clients.source_files import read_source_file, read_source_files
    from staging_validation.telemetry import parse_catalogue

    files = read_source_files(path, *_YAML) if path.is_dir() else (read_source_file(path),)
    return from_catalogue(parse_catalogue(files))


def _of_exposition(path: Path) -> KnownMetrics:
    from staging_validation.clients.source_files import read_source_file

    file = read_source_file(path)
    return from_exposition(file.text, path=file.path)
