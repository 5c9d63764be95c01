"""Telemetry through a Pushgateway and a Prometheus with TLS and basic auth, as Airflow's connections describe them."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import certifi
import pytest
import requests
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.ports import free_port
from local_staging.stack.processes import Program
from local_staging.stack.supervisor import Supervisor
from staging_validation.airflow.hooks.services import prometheus, pushgateway_to_look_at
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.clients.http import HttpService
from staging_validation.clients.polling import wait_for
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.errors import ServiceAnswerError, ServiceUnreachableError
from staging_validation.results import Outcome

pytestmark = pytest.mark.timeout(240)

LOGIN, PASSWORD = "validator", "right-Pa55word"
BCRYPT = "$2b$04$abcdefghijklmnopqrstuu7/osDumf2isG9zfKjpRzWzDuRZDqgSu"
"""The password's hash, with the lowest cost: the servers compute it anew at every request."""
WRONG = "wrong-Pa55word"


@dataclass(frozen=True)
class Secured:
    """The two servers, and the file with the certificate that both of them show."""

    gateway_port: int
    prometheus_port: int
    certificate: Path

    def connection(self, port: int, *, password: str = PASSWORD, trusted: bool = True) -> dict[str, Any]:
        return {
            "conn_type": "http",
            "host": "127.0.0.1",
            "port": port,
            "schema": "https",
            "login": LOGIN,
            "password": password,
            "extra": {"verify": str(self.certificate)} if trusted else {},
        }


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate for 127.0.0.1 that signs itself, valid for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "staging")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file


@pytest.fixture(scope="module")
def secured(tmp_path_factory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    key, certificate = make_certificate(folder)
    web = folder / "web.yml"
    web.write_text(
        yaml.safe_dump(
            {
                "tls_server_config": {"cert_file": str(certificate), "key_file": str(key)},
                "basic_auth_users": {LOGIN: BCRYPT},
            }
        )
    )
    servers = Secured(free_port(), free_port(), certificate)
    config = folder / "prometheus.yml"
    config.write_text(
        yaml.safe_dump(
            {
                "global": {"scrape_interval": "1s", "external_labels": {"environment": "staging"}},
                "scrape_configs": [
                    {
                        "job_name": "pushgateway",
                        "honor_labels": True,
                        "scheme": "https",
                        "basic_auth": {"username": LOGIN, "password": PASSWORD},
                        "tls_config": {"ca_file": str(certificate)},
                        "static_configs": [{"targets": [f"127.0.0.1:{servers.gateway_port}"]}],
                    }
                ],
            }
        )
    )
    with Supervisor() as supervisor:
        binaries = MonitoringBinaries(
            default_cache_dir(os.environ), supervisor=supervisor, log_dir=folder, environ=os.environ
        )
        for program, port, options in (
            ("pushgateway", servers.gateway_port, ()),
            (
                "prometheus",
                servers.prometheus_port,
                (f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"),
            ),
        ):
            child = supervisor.start(
                Program(
                    name=program,
                    argv=(
                        str(binaries.find(program)),
                        f"--web.config.file={web}",
                        f"--web.listen-address=127.0.0.1:{port}",
                        *options,
                    ),
                    log=folder / f"{program}.log",
                    env={"PATH": os.defpath},
                )
            )
            child.wait_until(
                f"be ready on port {port}",
                lambda port=port: ready(servers, port),
                timeout_seconds=30,
                interruption=supervisor.interruption,
            )
        client = client_of(servers)
        wait_for(
            "the first scrape", lambda: client.query('up{job="pushgateway"} == 1') or None, timeout_seconds=30
        )
        yield servers


def ready(servers: Secured, port: int) -> bool | None:
    try:
        answer = requests.get(
            f"https://127.0.0.1:{port}/-/ready",
            auth=(LOGIN, PASSWORD),
            verify=str(servers.certificate),
            timeout=2,
        )
    except requests.RequestException:
        return None
    return answer.status_code == 200 or None


def client_of(servers: Secured) -> PrometheusClient:
    """The client as the command line builds it, from the same fields."""
    settings = ConnectionSettings.from_fields(
        "prometheus_default", servers.connection(servers.prometheus_port)
    )
    return PrometheusClient(HttpService.from_settings("Prometheus", settings))


@pytest.fixture
def connect(secured, monkeypatch):
    """Point both connections at the secured servers; a test may change one of them."""

    def point(*, gateway: dict[str, Any] | None = None, prometheus: dict[str, Any] | None = None) -> None:
        for conn_id, port, change in (
            ("PUSHGATEWAY_DEFAULT", secured.gateway_port, gateway),
            ("PROMETHEUS_DEFAULT", secured.prometheus_port, prometheus),
        ):
            fields = secured.connection(port, **(change or {}))
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id}", json.dumps(fields))

    return point


def written(night) -> str:
    """Everything that the run left behind."""
    return "".join(file.read_text() for file in night.folder.rglob("*") if file.is_file())


def test_the_right_login_and_the_known_certificate_pass(run_dag, connect, monkeypatch):
    # The CA files of the environment do not know the certificate; what the connection names must win over them.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    connect()
    night = run_dag("staging_telemetry")
    assert (night.state, night.outcome) == ("success", "passed")
    assert "known by its address" in night.result("telemetry.emission.promise")["evidence"]["because"]
    assert night.result("telemetry.emission.values")["outcome"] == "passed"
    assert PASSWORD not in written(night)


def test_a_wrong_password_is_errored_and_kept_out_of_everything_that_is_written(run_dag, connect):
    connect(gateway={"password": WRONG})
    night = run_dag("staging_telemetry")
    assert (night.state, night.outcome) == ("failed", "errored")
    errored = night.result("telemetry.prepare")
    assert errored["outcome"] == "errored"
    assert "answered 401: Unauthorized" in errored["actual"]
    assert WRONG not in written(night)


SERVICES = [
    ("gateway", "Pushgateway", lambda: pushgateway_to_look_at().groups()),
    ("prometheus", "Prometheus", lambda: prometheus().targets()),
]


@pytest.mark.parametrize(("conn", "service", "ask"), SERVICES)
def test_a_wrong_password_is_named(connect, conn, service, ask):
    connect(**{conn: {"password": WRONG}})
    with pytest.raises(
        ServiceAnswerError, match=rf"^{service}: GET https://.* answered 401: Unauthorized"
    ) as caught:
        ask()
    assert WRONG not in str(caught.value)
    assert caught.value.remedy == f"check login and password in the connection of {service}"
    assert caught.value.outcome is Outcome.ERRORED


@pytest.mark.parametrize(("conn", "service", "ask"), SERVICES)
def test_a_certificate_that_nobody_known_signed_is_named(connect, conn, service, ask):
    connect(**{conn: {"trusted": False}})
    with pytest.raises(
        ServiceUnreachableError, match=rf"^{service}: GET https://.* certificate verify failed"
    ) as caught:
        ask()
    assert PASSWORD not in str(caught.value)
    assert "verify in the extra field" in str(caught.value.remedy)
    assert caught.value.outcome is Outcome.ERRORED
