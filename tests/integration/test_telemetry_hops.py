"""Seven breaks between a push and a query, planted in a real Pushgateway and Prometheus: each is named."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.monitoring import start_prometheus, start_pushgateway
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.ports import free_port
from local_staging.stack.supervisor import Supervisor
from staging_validation.airflow.operators.telemetry import VerifyTelemetryOperator
from staging_validation.clients.emission import emit_run, verify_run
from staging_validation.clients.http import HttpService
from staging_validation.clients.polling import wait_for
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.pushgateway import PushgatewayClient
from staging_validation.clients.source_files import read_source_files
from staging_validation.project import include_dir
from staging_validation.results import CheckResult, Outcome
from staging_validation.telemetry import Catalogue, parse_catalogue, plan_run
from staging_validation.telemetry.hops import Hop

PAYMENTS = "rsolv_billing_payment_processed_total"


def metric_relabelling(**rule: Any) -> dict[str, Any]:
    return {"metric_relabel_configs": [rule]}


JOBS: dict[str, dict[str, Any]] = {
    "healthy": {},
    "conflicting": {},
    "overwritten": {},
    "haunted": {},
    "shifted": {},
    "lagging": {},
    "without_honor_labels": {"honor_labels": False},
    "drops_a_metric": metric_relabelling(
        source_labels=["__name__"], regex="rsolv_billing_invoice_.*", action="drop"
    ),
    "renames_a_metric": metric_relabelling(
        source_labels=["__name__"],
        regex="rsolv_billing_(credits_.*)",
        target_label="__name__",
        replacement="billing_$1",
    ),
    "drops_the_run": metric_relabelling(regex="validation_run", action="labeldrop"),
    "renames_the_run": {
        "metric_relabel_configs": [
            {"regex": "validation_(run)", "action": "labelmap", "replacement": "night_$1"},
            {"regex": "validation_run", "action": "labeldrop"},
        ]
    },
    "drops_a_label": metric_relabelling(regex="payment_method", action="labeldrop"),
}
"""The scrape jobs, each with a Pushgateway of its own, and what is wrong in their configuration."""


class Proxy(BaseHTTPRequestHandler):
    """Stands before Prometheus: its clock, or what it answers queries with, is late."""

    prometheus: str
    late_clock: float = 0.0
    late_samples: float = 0.0

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/api/v1/query":
            lag = self.late_clock + (0 if asked["query"] == "time()" else self.late_samples)
            asked["time"] = repr(time.time() - lag)
        answer = requests.get(f"{self.prometheus}{url.path}?{urlencode(asked)}", timeout=10)
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.end_headers()
        self.wfile.write(answer.content)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) - self.late_clock)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        pass


@dataclass(frozen=True)
class World:
    """The Pushgateways by the names of their jobs, and the Prometheus that scrapes them."""

    catalogue: Catalogue
    prometheus_url: str
    gateways: dict[str, str]

    @property
    def prometheus(self) -> PrometheusClient:
        return PrometheusClient(HttpService("Prometheus", self.prometheus_url))

    def gateway(self, job: str, kind: type[PushgatewayClient] = PushgatewayClient) -> PushgatewayClient:
        return kind(HttpService("Pushgateway", self.gateways[job], attempts=1), scrape_job=job)

    def emit(
        self,
        job: str,
        *,
        gateway: PushgatewayClient | None = None,
        prometheus: PrometheusClient | None = None,
        timeout_seconds: float = 2.0,
    ) -> list[CheckResult]:
        return emit_run(
            plan_run(job, self.catalogue),
            self.catalogue,
            gateway=gateway or self.gateway(job),
            prometheus=prometheus or self.prometheus,
            timeout_seconds=timeout_seconds,
        )

    def emit_behind_a_proxy(self, job: str, **late: float) -> list[CheckResult]:
        handler = type("Late", (Proxy,), {"prometheus": self.prometheus_url, **late})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            url = f"http://127.0.0.1:{server.server_port}"
            try:
                return self.emit(job, prometheus=PrometheusClient(HttpService("Prometheus", url)))
            finally:
                server.shutdown()
                thread.join()


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("hops")
    ports = {name: free_port() for name in (*JOBS, "unscraped")}
    prometheus_port = free_port()
    with Supervisor() as supervisor:
        binaries = MonitoringBinaries(
            default_cache_dir(os.environ), supervisor=supervisor, log_dir=folder, environ=os.environ
        )
        for name, port in ports.items():
            start_pushgateway(
                binaries.find("pushgateway"), port, supervisor=supervisor, log_dir=folder / name
            )
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [
                {
                    "job_name": name,
                    "honor_labels": True,
                    "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
                }
                | JOBS.get(name, {})
                for name, port in (*((name, ports[name]) for name in JOBS), ("dead", free_port()))
            ],
        }
        start_prometheus(
            binaries.find("prometheus"),
            prometheus_port,
            config,
            folder / "prometheus",
            supervisor=supervisor,
            log_dir=folder,
        )
        url = f"http://127.0.0.1:{prometheus_port}"
        prometheus = PrometheusClient(HttpService("Prometheus", url))
        wait_for(
            "the first scrapes",
            lambda: len(prometheus.query("up == 1")) == len(JOBS) or None,
            timeout_seconds=30,
        )
        catalogue = parse_catalogue(read_source_files(include_dir("telemetry"), ".yaml"))
        yield World(catalogue, url, {name: f"http://127.0.0.1:{port}" for name, port in ports.items()})


def put(url: str, text: str) -> None:
    assert requests.put(url, data=text, timeout=10).status_code == 200


def group(world: World, job: str) -> str:
    return f"{world.gateways[job]}/metrics/job/staging_validation/validation_run/{job}"


class Overwritten(PushgatewayClient):
    """Somebody else adds a number of their own to the group after the second push."""

    pushes = 0

    def push(self, validation_run, registry):
        super().push(validation_run, registry)
        self.pushes += 1
        if self.pushes == 2:
            labels = 'customer_id="a",plan="pro",status="success",payment_method="card"'
            requests.post(
                f"{self.address}/metrics/job/staging_validation/validation_run/{validation_run}",
                data=f"# TYPE {PAYMENTS} counter\n{PAYMENTS}{{{labels}}} 4711\n",
                timeout=10,
            )


def refused(world: World) -> list[CheckResult]:
    put(f"{world.gateways['conflicting']}/metrics/job/others", f"# TYPE {PAYMENTS} gauge\n{PAYMENTS} 1\n")
    return world.emit("conflicting")


def haunted(world: World) -> list[CheckResult]:
    put(f"{group(world, 'haunted')}/instance/old", f"# TYPE {PAYMENTS} counter\n{PAYMENTS} 1\n")
    return world.emit("haunted")


class Break(NamedTuple):
    hop: Hop
    stage: str
    says: str
    emit: Callable[[World], list[CheckResult]]


BREAKS = [
    Break(Hop.PUSH_REFUSED, "baseline", rf'answered 400: .*collected metric "{PAYMENTS}"', refused),
    Break(
        Hop.NOT_SCRAPED,
        "baseline",
        r"has 13 targets, none of them is known to be the Pushgateway",
        lambda w: w.emit("unscraped"),
    ),
    Break(
        Hop.RELABELLED,
        "baseline",
        r'honor_labels is not set: .*exported_job="staging_validation"',
        lambda w: w.emit("without_honor_labels"),
    ),
    Break(
        Hop.WRONG_VALUE,
        "step_1",
        rf"Pushgateway itself does not show what was pushed: .*{PAYMENTS}",
        lambda w: w.emit("overwritten", gateway=w.gateway("overwritten", Overwritten)),
    ),
    Break(
        Hop.STALE_GROUP,
        "baseline",
        r'instance="old", job="staging_validation", validation_run="haunted"',
        haunted,
    ),
    Break(
        Hop.CLOCK_SKEW,
        "baseline",
        r"two clocks differ by \d+\.\d s, more than 3 s: .*Prometheus \((Date|time\(\))\)",
        lambda w: w.emit_behind_a_proxy("shifted", late_clock=60.0),
    ),
    Break(
        Hop.BEHIND,
        "baseline",
        r"newest sample that Prometheus answers with is \d+\.\d s old|no query gives a sample of it yet",
        lambda w: w.emit_behind_a_proxy("lagging", late_samples=20.0),
    ),
]


def test_every_hop_has_its_break():
    assert len(BREAKS) == 7
    assert {planted.hop for planted in BREAKS} == set(Hop)


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(planted, id=f"{number} of {len(BREAKS)}: {planted.hop.value}")
        for number, planted in enumerate(BREAKS, 1)
    ],
)
def test_a_break_is_named(world, planted):
    results = planted.emit(world)
    failed = only_failure(results)
    assert failed.id == f"telemetry.emission.{planted.stage}"
    assert_says(failed, planted.hop, planted.says)
    assert results[-1].outcome in (Outcome.SKIPPED, Outcome.FAILED)


@pytest.mark.parametrize(
    ("job", "says"),
    [
        ("drops_a_metric", "dropped on the way in: Prometheus does not hold rsolv_billing_invoice_"),
        ("renames_a_metric", 'Prometheus holds billing_credits_.*validation_run="renames_a_metric"'),
        ("drops_the_run", "series came in without any run's label, for example rsolv_billing_"),
        (
            "renames_the_run",
            'carry the run\'s id in another label, for example .*night_run="renames_the_run"',
        ),
        ("drops_a_label", "Prometheus holds rsolv_billing_payment_"),
    ],
)
def test_every_way_to_relabel_is_named(world, job, says):
    assert_says(only_failure(world.emit(job)), Hop.RELABELLED, says)


def test_a_target_that_is_down_is_quoted(world):
    dead = PushgatewayClient(HttpService("Pushgateway", world.gateways["unscraped"]), scrape_job="dead")
    failed = only_failure(world.emit("down", gateway=dead, timeout_seconds=2.0))
    assert_says(failed, Hop.NOT_SCRAPED, r"\(job dead\) is down: .*connection refused")


def test_a_refused_push_leaves_nothing_behind(world):
    refused(world)
    assert world.gateway("conflicting").groups() == []


def test_nothing_is_pushed_when_two_scrapes_do_not_fit(world):
    results = world.emit("healthy", timeout_seconds=1.5)
    failed = only_failure(results)
    assert failed.id == "telemetry.emission.promise"
    assert_says(failed, Hop.BEHIND, r"job healthy scrapes http://127.0.0.1:\d+/metrics, known by its address")
    assert (failed.expected, failed.actual) == (
        "two scrapes of the Pushgateway within 1.5 s",
        "scraped every 1 s",
    )
    assert "scrape_interval of the job healthy to at most 0.75s" in str(failed.remedy)
    assert [result.outcome for result in results[1:]] == [Outcome.SKIPPED] * 4
    assert world.gateway("healthy").groups() == []


def test_a_verification_that_fails_names_the_hop(world):
    plan = plan_run("verified", world.catalogue)
    gateway = world.gateway("healthy")
    emitted = emit_run(plan, world.catalogue, gateway=gateway, prometheus=world.prometheus)
    assert {result.outcome for result in emitted} == {Outcome.PASSED}
    url = f"{gateway.address}/metrics/job/staging_validation/validation_run/verified"
    assert requests.delete(url, timeout=10).status_code == 202
    wait_for(
        "the deletion in Prometheus",
        lambda: not world.prometheus.query(f'{PAYMENTS}{{validation_run="verified"}}') or None,
        timeout_seconds=10,
    )
    results = verify_run(plan, world.catalogue, prometheus=world.prometheus, gateway=gateway)
    assert {result.outcome for result in results} == {Outcome.FAILED}
    for result in results:
        assert_says(result, Hop.WRONG_VALUE, "does not show the run's group any more: it was deleted")


@pytest.mark.timeout(240)
def test_a_night_whose_group_is_changed_before_the_verification_names_the_hop(run_dag, stack, monkeypatch):
    gateway, prometheus = (
        stack.connections()[f"{name}_default"].base_url for name in ("pushgateway", "prometheus")
    )

    def change(self, context):
        (group,) = PushgatewayClient(HttpService("Pushgateway", gateway)).groups()
        requests.post(
            f"{gateway}/metrics/job/staging_validation/validation_run/{group.validation_run}",
            data=f"# TYPE {PAYMENTS} counter\n{PAYMENTS} 4711\n",
            timeout=10,
        )
        client = PrometheusClient(HttpService("Prometheus", prometheus))
        wait_for("the change", lambda: client.query(f"{PAYMENTS} == 4711") or None, timeout_seconds=10)

    monkeypatch.setattr(VerifyTelemetryOperator, "pre_execute", change)
    night = run_dag("staging_telemetry")
    assert (night.state, night.outcome) == ("failed", "failed")
    (failed,) = night.of("failed")
    assert failed["id"] == f"telemetry.samples.{PAYMENTS}"
    assert failed["evidence"]["hop"] == "wrong_value"
    assert PAYMENTS in failed["evidence"]["because"]
    assert night.result("telemetry.deleted")["outcome"] == "passed"


def only_failure(results: list[CheckResult]) -> CheckResult:
    (failed,) = [result for result in results if result.counts_as is Outcome.FAILED]
    return failed


def assert_says(result: CheckResult, hop: Hop, says: str) -> None:
    assert result.evidence["hop"] == hop.value, result.evidence
    because = str(result.evidence["because"])
    assert re.search(says, because), because
    assert result.remedy
