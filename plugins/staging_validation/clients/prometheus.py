"""Prometheus' HTTP API: instant queries, targets, clock, readiness (Prometheus documentation, HTTP API)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import yaml

from staging_validation.clients.clocks import date_offset, timed
from staging_validation.clients.http import HttpService
from staging_validation.errors import CheckFailedError, ServiceAnswerError
from staging_validation.telemetry.promise import ScrapeTarget
from staging_validation.telemetry.samples import Sample

if TYPE_CHECKING:
    import requests

_DURATION = re.compile(r"(\d+)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)")
_NEVER = "0001-"
"""What the times of something that never happened begin with."""

_NOT_TOLD = (403, 404, 405, 501)
"""Answers of a Prometheus, or of a gate before it, that keeps its configuration to itself."""

_REJECTED = (400, 422)
"""Bad data, and an expression that cannot be executed: the query is wrong, not Prometheus."""


class PrometheusClient:
    """Asks one Prometheus.

    Args:
        http: The service, named ``Prometheus``.
    """

    def __init__(self, http: HttpService) -> None:
        self._http = http

    def query(self, expr: str, *, at: float | None = None) -> list[Sample]:
        """Evaluate an expression at one time.

        Args:
            expr: The expression, in PromQL.
            at: Unix time in seconds; now when it is left out.

        Returns:
            One sample for each series; a scalar is one sample without name and labels.

        Raises:
            ServiceUnreachableError: Prometheus cannot be reached.
            CheckFailedError: Prometheus rejects the expression, or its value is no instant vector or scalar.
            ServiceAnswerError: Any other error of Prometheus.
        """
        params = {"query": expr} if at is None else {"query": expr, "time": repr(at)}
        response = self._http.request("GET", "/api/v1/query", params=params)
        if response.status_code in _REJECTED:
            raise CheckFailedError(
                f"{self._http.name} rejects the query {expr!r}: {_reason(response)}",
                remedy="correct the query",
            )
        if response.status_code != 200:
            raise self._http.unexpected("GET", "/api/v1/query", response)
        return self._samples(expr, _body(response))

    def targets(self) -> tuple[ScrapeTarget, ...] | None:
        """Return the active targets.

        Returns:
            The targets, or None where they are not told (a managed Prometheus, or no permission).

        Raises:
            ServiceUnreachableError: Prometheus cannot be reached.
            ServiceAnswerError: Its answer is not what its documentation says.
        """
        path = "/api/v1/targets"
        response = self._http.request("GET", path, params={"state": "active"})
        if response.status_code in _NOT_TOLD:
            return None
        if response.status_code != 200:
            raise self._http.unexpected("GET", path, response)
        try:
            return tuple(_target(entry) for entry in _body(response)["data"]["activeTargets"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._odd(path, error) from error

    def clock_offsets(self) -> dict[str, float]:
        """Return how far Prometheus' clock is ahead of ours, in seconds.

        Returns:
            One offset for the ``Date`` of its answer and one for ``time()``: a gate before it has a clock of its own.

        Raises:
            ServiceUnreachableError: Prometheus cannot be reached.
            ServiceAnswerError: Its answer is not what its documentation says.
        """
        response, ours = timed(lambda: self._http.request("GET", "/api/v1/query", params={"query": "time()"}))
        if response.status_code != 200:
            raise self._http.unexpected("GET", "/api/v1/query", response)
        told = self._samples("time()", _body(response))
        if len(told) != 1:
            raise self._odd("/api/v1/query", ValueError("time() is no single number"))
        offsets = {"Prometheus (time())": told[0].value - ours}
        date = date_offset(response, ours)
        return offsets if date is None else {"Prometheus (Date)": date, **offsets}

    def external_labels(self) -> dict[str, str] | None:
        """Return the external labels of Prometheus' configuration.

        Returns:
            The labels, or None where the configuration is not told (a managed Prometheus, or no permission).

        Raises:
            ServiceUnreachableError: Prometheus cannot be reached.
            ServiceAnswerError: Its answer is not what its documentation says.
        """
        path = "/api/v1/status/config"
        response = self._http.request("GET", path)
        if response.status_code in _NOT_TOLD:
            return None
        if response.status_code != 200:
            raise self._http.unexpected("GET", path, response)
        try:
            configuration = yaml.safe_load(_body(response)["data"]["yaml"]) or {}
            labels = (configuration.get("global") or {}).get("external_labels") or {}
            return {str(name): str(value) for name, value in labels.items()}
        except (KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
            raise self._odd(path, error) from error

    def ready(self) -> bool:
        """Return whether Prometheus says that it can answer queries.

        Raises:
            ServiceUnreachableError: Prometheus cannot be reached.
        """
        return self._http.request("GET", "/-/ready").status_code == 200

    def _samples(self, expr: str, body: Mapping[str, Any]) -> list[Sample]:
        try:
            kind, result = body["data"]["resultType"], body["data"]["result"]
            if kind == "scalar":
                return [Sample("", {}, float(result[1]))]
            if kind == "vector":
                return [_sample(entry) for entry in result]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self._odd("/api/v1/query", error) from error
        raise CheckFailedError(
            f"The query {expr!r} gives a {kind}, which is neither an instant vector nor a number.",
            remedy="wrap a range selector in a function, for example rate()",
        )

    def _odd(self, path: str, error: Exception) -> ServiceAnswerError:
        return ServiceAnswerError(
            self._http.name, f"GET {path} answered in an unknown shape ({type(error).__name__}: {error})."
        )


def parse_duration(text: str) -> float:
    """Return the seconds of a Prometheus duration such as ``15s`` or ``1m30s``.

    Raises:
        ValueError: It is no duration.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration such as 15s or 1m30s")
    return float(sum(int(number) * _SECONDS[unit] for number, unit in parts))


def _target(entry: Mapping[str, Any]) -> ScrapeTarget:
    labels = entry["labels"]
    return ScrapeTarget(
        pool=entry.get("scrapePool") or labels.get("job", ""),
        url=entry["scrapeUrl"],
        health=entry["health"],
        interval_seconds=parse_duration(entry["scrapeInterval"]),
        job=labels.get("job", ""),
        instance=labels.get("instance", ""),
        last_error=entry.get("lastError") or "",
        last_scrape=parse_time(entry.get("lastScrape") or _NEVER),
    )


def parse_time(text: str) -> datetime | None:
    """Return a time that Prometheus writes, such as ``2026-11-24T18:22:02.251462335Z``; None for "never".

    Raises:
        ValueError: It is no such time.
    """
    if text.startswith(_NEVER):
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time such as 2026-11-24T18:22:02.25Z")
    seconds, fraction, zone = match.groups()
    return datetime.fromisoformat(f"{seconds}.{(fraction or '0').ljust(6, '0')}{zone.replace('Z', '+00:00')}")


def _sample(entry: Mapping[str, Any]) -> Sample:
    labels = dict(entry["metric"])
    return Sample(labels.pop("__name__", ""), labels, float(entry["value"][1]))


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _reason(response: requests.Response) -> str:
    return str(_body(response).get("error") or " ".join(response.text.split())[:300])
