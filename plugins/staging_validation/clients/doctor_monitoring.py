"""The doctor's look at Prometheus, the Pushgateway, Grafana and the Alertmanager."""

from __future__ import annotations

from collections.abc import Mapping

from staging_validation.clients.connections import PUSHGATEWAY, ConnectionSettings
from staging_validation.clients.doctor_findings import Findings, how_to_set
from staging_validation.clients.doctor_http import (
    ALERTMANAGER_STATUS,
    GRAFANA_HEALTH,
    PROMETHEUS_BUILD,
    PROMETHEUS_QUERY,
    PUSHGATEWAY_STATUS,
    Body,
    identified,
    is_alertmanager,
    is_grafana,
    is_prometheus,
    is_pushgateway,
    json_object,
    not_allowed,
    to_look_at,
    version_of,
)
from staging_validation.clients.hops import read_scrape
from staging_validation.clients.http import HttpService
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.pushgateway import SCRAPE_JOB, PushgatewayClient
from staging_validation.errors import StagingValidationError
from staging_validation.telemetry.hops import REMEDIES, Hop

OLDEST_PROMETHEUS = (2, 29)
"""The shipped alert rules use what came with it (present_over_time, and clamp with both bounds)."""

DASHBOARD = "billing-metrics"
"""The uid of the shipped dashboard."""

_NOT_TOLD = (404, 405, 501)

Connections = Mapping[str, ConnectionSettings]


def look_at_prometheus(found: Findings, connections: Connections) -> None:
    """Check that Prometheus is one, new enough, answers queries, and scrapes the Pushgateway."""
    service = to_look_at("Prometheus", connections[found.conn_id])
    body = identified(found, service, _sign_of_prometheus(service), "a Prometheus", is_prometheus)
    if body is None:
        return
    _version(found, body["data"].get("version"), at_least=OLDEST_PROMETHEUS)
    client = PrometheusClient(service)
    try:
        client.query("vector(1)")
        found.passed("query", "answers queries")
        gateway = connections.get(PUSHGATEWAY)
        if gateway is not None and gateway.host:
            _scrape(found, client, gateway)
    except StagingValidationError as error:
        found.error("query", error)


def look_at_pushgateway(found: Findings, connections: Connections) -> None:
    """Check that the Pushgateway is one and shows its groups; nothing is pushed."""
    service = to_look_at("Pushgateway", connections[found.conn_id])
    body = identified(found, service, PUSHGATEWAY_STATUS, "a Pushgateway", is_pushgateway)
    if body is None:
        return
    _version(found, body["data"]["build_information"].get("version"))
    try:
        groups = PushgatewayClient(service).all_groups()
    except StagingValidationError as error:
        found.error("groups", error)
        return
    found.passed("groups", f"holds {len(groups)} groups")


def look_at_grafana(found: Findings, connections: Connections) -> None:
    """Check that Grafana is one, lets us in, and has the shipped dashboard."""
    service = to_look_at("Grafana", connections[found.conn_id])
    body = identified(found, service, GRAFANA_HEALTH, "a Grafana", is_grafana)
    if body is None:
        return
    _version(found, body.get("version"))
    path = f"/api/dashboards/uid/{DASHBOARD}"
    response = service.request("GET", path)
    if response.status_code in (401, 403):
        not_allowed(found, service, path, response)
    elif response.status_code == 404:
        found.failed(
            "dashboard",
            f"has no dashboard {DASHBOARD}",
            warning=True,
            remedy="import include/dashboards/billing-metrics.json (Dashboards, New, Import)",
        )
    elif response.status_code == 200 and json_object(response):
        found.passed("dashboard", f"has the dashboard {DASHBOARD}")
    else:
        found.error("dashboard", service.unexpected("GET", path, response))


def look_at_alertmanager(found: Findings, connections: Connections) -> None:
    """Check that the Alertmanager is one."""
    service = to_look_at("Alertmanager", connections[found.conn_id])
    body = identified(found, service, ALERTMANAGER_STATUS, "an Alertmanager", is_alertmanager)
    if body is not None:
        _version(found, _inner(body, "versionInfo").get("version"))


def _sign_of_prometheus(service: HttpService) -> str:
    """Return where it says what it is: what speaks Prometheus' language need not tell its build."""
    try:
        told = service.request("GET", PROMETHEUS_BUILD).status_code
    except StagingValidationError:
        return PROMETHEUS_BUILD  # the caller asks again, and says so
    return PROMETHEUS_QUERY if told in _NOT_TOLD else PROMETHEUS_BUILD


def _scrape(found: Findings, prometheus: PrometheusClient, gateway: ConnectionSettings) -> None:
    job = str(gateway.extra.get("scrape_job") or SCRAPE_JOB)
    reader: HttpService = to_look_at("Pushgateway", gateway)
    scrape = read_scrape(PushgatewayClient(reader, scrape_job=job), prometheus)
    if scrape.unread:
        found.skipped("scrape", f"{scrape.unread}: whether the Pushgateway is scraped is seen by the run")
    elif scrape.gateway is None:
        found.failed(
            "scrape",
            f"none of its {scrape.targets} targets is the Pushgateway",
            expected=f"a target at {reader.base_url}, or a job called {job}",
            remedy=f"{REMEDIES[Hop.NOT_SCRAPED]}; where its job has another name, "
            + how_to_set(PUSHGATEWAY, "extra.scrape_job"),
        )
    elif scrape.gateway.target.health == "down":
        target = scrape.gateway.target
        found.failed(
            "scrape",
            f"its scrape of {target.url} fails: {target.last_error}",
            remedy=REMEDIES[Hop.NOT_SCRAPED],
        )
    else:
        target = scrape.gateway.target
        found.passed(
            "scrape", f"job {target.pool} scrapes the Pushgateway every {target.interval_seconds:g} s"
        )


def _version(found: Findings, told: object, *, at_least: tuple[int, ...] = ()) -> None:
    version = version_of(told)
    if version is None:
        found.skipped("version", f"it names no version that can be compared ({told})")
    elif version[: len(at_least)] < at_least:
        found.failed(
            "version",
            str(told),
            expected=f"at least {'.'.join(map(str, at_least))}",
            remedy="upgrade it: the shipped rules and dashboards use what newer versions know",
        )
    else:
        found.passed("version", str(told))


def _inner(body: Body, name: str) -> Body:
    inner = body.get(name)
    return inner if isinstance(inner, dict) else {}
