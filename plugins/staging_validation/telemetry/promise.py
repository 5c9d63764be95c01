"""Whether a pushed series can be visible in time at all: the scrape of the Pushgateway against the time allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from staging_validation.results import CheckResult, Kind, Outcome, Severity, redact
from staging_validation.telemetry.samples import Sample

PROMISE = "telemetry.emission.promise"
"""The id of the check."""

_SCRAPES = 2
"""A push just after a scrape waits for the next one; a second one leaves room for a scrape that was missed."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class ScrapeTarget:
    """A target that Prometheus scrapes, as it says itself.

    Attributes:
        pool: The job's name in the scrape configuration.
        url: What is scraped.
        health: ``up``, ``down``, or ``unknown`` before the first scrape.
        interval_seconds: How often it is scraped.
        job: Its label ``job``.
        instance: Its label ``instance``.
        last_error: Why the last scrape failed; empty when it did not.
        last_scrape: When it was last scraped, with time zone; None before the first scrape.
    """

    pool: str
    url: str
    health: str
    interval_seconds: float
    job: str = ""
    instance: str = ""
    last_error: str = ""
    last_scrape: datetime | None = None


@dataclass(frozen=True)
class GatewayTarget:
    """The target that is the Pushgateway.

    Attributes:
        target: The target.
        known_by: How it was told from the others, as it should read behind "known by".
    """

    target: ScrapeTarget
    known_by: str


def find_gateway(
    targets: Sequence[ScrapeTarget], *, address: str, origins: Callable[[], Sequence[Sample]], job: str
) -> GatewayTarget | None:
    """Tell the Pushgateway from the other targets.

    Prometheus may know it by another address than we do, so three signs are tried, the surest first: its
    address; the time at which its process started, which Prometheus holds under the target's labels ``job`` and
    ``instance``; and the name of the scrape job.

    Args:
        targets: All active targets.
        address: The Pushgateway's address in its connection.
        origins: Returns the series in Prometheus that say when the Pushgateway's process started; asked only when
            no target has the address.
        job: The name of the scrape job.

    Returns:
        The target; where one sign fits several, the one that is scraped most seldom. None when no sign fits.
    """
    known_by, found = "its address", [target for target in targets if _is_at(target.url, address)]
    if not found:
        started = {(origin.labels.get("job"), origin.labels.get("instance")) for origin in origins()}
        known_by = "the start time of its process"
        found = [target for target in targets if (target.job, target.instance) in started]
    if not found:
        known_by, found = f"the name of its job, {job}", [target for target in targets if target.pool == job]
    if not found:
        return None
    return GatewayTarget(max(found, key=lambda target: target.interval_seconds), known_by)


def check_promise(
    gateway: GatewayTarget | None, *, visible_within_seconds: float, unread: str | None = None
) -> CheckResult:
    """Check that two scrapes of the Pushgateway fit into the time that a pushed series may take.

    Args:
        gateway: The target that is the Pushgateway.
        visible_within_seconds: The time allowed.
        unread: Why the targets could not be read, where that is so.

    Returns:
        The result. Without a target it is a failed warning, which does not keep a run from emitting: a Prometheus
        may hide its targets, or get its samples from another one that scrapes.
    """
    promise = f"two scrapes of the Pushgateway within {visible_within_seconds:g} s"
    if gateway is None:
        return _unknown(promise, unread or "Prometheus names no target that is the Pushgateway")
    interval = gateway.target.interval_seconds
    kept = _SCRAPES * interval <= visible_within_seconds
    how = f"job {gateway.target.pool} scrapes {gateway.target.url}, known by {gateway.known_by}"
    return CheckResult(
        id=PROMISE,
        kind=Kind.TELEMETRY,
        subject="Scrape interval of the Pushgateway",
        outcome=Outcome.PASSED if kept else Outcome.FAILED,
        expected=promise,
        actual=f"scraped every {interval:g} s",
        evidence={"scrape_interval_seconds": interval, "because": f"{redact(how)}, every {interval:g} s"},
        remedy=None if kept else _remedy(gateway.target.pool, interval, visible_within_seconds),
    )


def _unknown(promise: str, why: str) -> CheckResult:
    return CheckResult(
        id=PROMISE,
        kind=Kind.TELEMETRY,
        subject="Scrape interval of the Pushgateway",
        outcome=Outcome.FAILED,
        severity=Severity.WARNING,
        expected=promise,
        actual=f"cannot be told: {why}",
        evidence={"because": f"{why}; the run emits all the same"},
        remedy="let Prometheus answer /api/v1/targets, or look up the interval there and compare it by hand",
    )


def _remedy(job: str, interval: float, visible_within: float) -> str:
    return (
        f"set scrape_interval of the job {job} to at most {visible_within / _SCRAPES:g}s, "
        f"or visible_within_seconds of the DAG to at least {_SCRAPES * interval:g}"
    )


def _is_at(url: str, address: str) -> bool:
    scraped, known = urlsplit(url), urlsplit(address)
    return _place(scraped.scheme, scraped.netloc) == _place(known.scheme, known.netloc) and (
        scraped.path.startswith(f"{known.path.rstrip('/')}/")
    )


def _place(scheme: str, netloc: str) -> tuple[str | None, int | None]:
    parts = urlsplit(f"//{netloc}")
    host = "loopback" if parts.hostname in _LOOPBACK else parts.hostname
    return host, parts.port or _PORTS.get(scheme)
