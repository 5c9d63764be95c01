"""The stack, with stand-ins for service and sandbox that only say what they were given."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from local_staging.stack.launch import Launch
from local_staging.stack.settings import LocalSettings
from local_staging.stack.stack import Stack, python_environment
from staging_validation.clients.marker import read_marker
from staging_validation.clients.polling import wait_for
from staging_validation.errors import ServiceUnreachableError

_STAND_IN = """
import http.server, json, os, sys
arguments = sys.argv[1:]
if "migrate" in arguments:
    import psycopg
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE migrated ()")
    sys.exit(int(os.environ.get("MIGRATE_STATUS", "0")))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"arguments": arguments, "environ": dict(os.environ)}).encode())
http.server.HTTPServer(("127.0.0.1", int(arguments[arguments.index("--port") + 1])), Handler).serve_forever()
"""
_MONITOR = """#!{python}
import http.server, sys
address = next(part for part in sys.argv if part.startswith("--web.listen-address=")).rpartition(":")[2]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(address)), Handler).serve_forever()
"""
_DEAD = '{"conn_type": "http", "host": "127.0.0.1", "port": 9}'


@pytest.fixture
def root(open_dir: Path) -> Path:
    """A project whose service and sandbox are stand-ins."""
    package = open_dir / "local_staging"
    package.mkdir()
    for name in ("__init__.py", "service.py", "stripe_sandbox.py"):
        (package / name).write_text("" if name == "__init__.py" else _STAND_IN)
    settings = Path(__file__).resolve().parents[3] / "airflow_settings.yaml"
    (open_dir / "airflow_settings.yaml").write_text(settings.read_text())
    return open_dir


@pytest.fixture
def environ(root: Path) -> dict[str, str]:
    import sys

    programs = root / "bin"
    programs.mkdir()
    for name in ("prometheus", "pushgateway"):
        (programs / name).write_text(_MONITOR.format(python=sys.executable))
        (programs / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return {**kept, "PATH": f"{programs}:{os.environ['PATH']}"}


@pytest.fixture
def launch(root: Path, cache_dir: Path) -> Iterator[Launch]:
    with Launch(root / "build", cache_dir=cache_dir, purpose="a test") as launch:
        yield launch


@pytest.fixture
def make_stack(root: Path, launch: Launch) -> Callable[..., Stack]:
    def make(environ: dict[str, str], **options: Any) -> Stack:
        settings = LocalSettings.load(root / "airflow_settings.yaml", environ)
        return Stack(launch, root=root, settings=settings, environ=environ, **options)

    return make


def asked(url: str) -> Any:
    return requests.get(url, timeout=5).json()


def test_everything_is_started_and_knows_each_other(
    make_stack: Callable[..., Stack], launch: Launch, environ: dict[str, str]
) -> None:
    stack = make_stack(environ)
    stack.start()
    connections = stack.connections()
    assert set(launch.state.state.addresses) == set(connections)

    service = asked(connections["staging_api"].base_url)["environ"]
    stripe = connections["stripe_default"]
    assert service["STRIPE_API_BASE"] == stripe.host
    assert service["STRIPE_API_KEY"] == stripe.secret
    assert service["STRIPE_WEBHOOK_SECRET"] == stripe.extra["webhook_secret"]
    assert service["STRIPE_PRO_PRICE_ID"] == stripe.extra["pro_price_id"] == "price_local_pro"
    assert int(service["BILLING_ONBOARD_PER_MINUTE"]) > 1000

    sandbox = asked(str(stripe.host))
    hook = f"{connections['staging_api'].base_url}/api/webhooks/stripe"
    assert sandbox["arguments"][2:] == ["--webhook-url", hook, "--pro-price-id", "price_local_pro"]
    assert sandbox["environ"]["STRIPE_SANDBOX_WEBHOOK_SECRET"] == stripe.extra["webhook_secret"]

    with psycopg.connect(service["DATABASE_URL"]) as connection:
        marker = read_marker(connection)
        assert marker is not None
        assert marker.environment == "staging"
        connection.execute("SELECT FROM migrated")


def test_a_strict_instance_keeps_the_contracts_limits_on_the_same_database(
    make_stack: Callable[..., Stack], launch: Launch, environ: dict[str, str]
) -> None:
    stack = make_stack(environ, strict_api=True)
    stack.start()
    connections = stack.connections()
    assert "AIRFLOW_CONN_STAGING_API_STRICT" in stack.environment()
    assert set(launch.state.state.addresses) == set(connections)
    lax, strict = (
        asked(connections[name].base_url)["environ"] for name in ("staging_api", "staging_api_strict")
    )
    assert connections["staging_api"].port != connections["staging_api_strict"].port
    assert strict["DATABASE_URL"] == lax["DATABASE_URL"]
    limits = {name: strict[name] for name in strict if name.startswith("BILLING_")}
    assert limits == {
        "BILLING_ONBOARD_PER_MINUTE": "10",
        "BILLING_API_PER_MINUTE": "500",
        "BILLING_PROCESS_WEBHOOKS": "off",
    }
    assert "BILLING_PROCESS_WEBHOOKS" not in lax


def test_there_is_no_strict_instance_of_somebody_elses_service(
    make_stack: Callable[..., Stack], environ: dict[str, str]
) -> None:
    stack = make_stack({**environ, "AIRFLOW_CONN_STAGING_API": _DEAD}, strict_api=True)
    assert "staging_api_strict" not in stack.connections()


def test_the_environment_names_all_connections_and_variables(
    make_stack: Callable[..., Stack], environ: dict[str, str]
) -> None:
    stack = make_stack({**environ, "AIRFLOW_CONN_PROMETHEUS_DEFAULT": _DEAD})
    values = stack.environment()
    assert set(values) == {
        "AIRFLOW_CONN_STAGING_POSTGRES",
        "AIRFLOW_CONN_STAGING_API",
        "AIRFLOW_CONN_PUSHGATEWAY_DEFAULT",
        "AIRFLOW_CONN_STRIPE_DEFAULT",
        "AIRFLOW_VAR_STAGING_VALIDATION_ENVIRONMENT",
    }
    api = json.loads(values["AIRFLOW_CONN_STAGING_API"])
    assert api["host"] == "127.0.0.1"
    assert api["extra"] == {"timeout": 10}
    assert "postgresql+psycopg2://staging:" in stack.metadata_url()


def test_what_the_environment_names_is_not_started(
    make_stack: Callable[..., Stack], launch: Launch, environ: dict[str, str]
) -> None:
    given = {
        **environ,
        "AIRFLOW_CONN_STAGING_POSTGRES": "postgres://me:p%40ss@127.0.0.1:9/mine",
        "AIRFLOW_CONN_STAGING_API": _DEAD,
        "AIRFLOW_CONN_PUSHGATEWAY_DEFAULT": _DEAD,
        "AIRFLOW_CONN_PROMETHEUS_DEFAULT": _DEAD,
        "AIRFLOW_CONN_STRIPE_DEFAULT": _DEAD,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://mine",
    }
    stack = make_stack(given)
    stack.start()
    stack.start_metadata()
    assert launch.supervisor._last_started() == []
    assert launch.state.state.addresses == {}
    assert stack.metadata_url() == "postgresql://mine"


def test_a_given_database_is_neither_marked_nor_migrated_but_used(
    make_stack: Callable[..., Stack], environ: dict[str, str]
) -> None:
    given = {
        **environ,
        "AIRFLOW_CONN_STAGING_POSTGRES": "postgres://me:p%40ss@127.0.0.1:9/mine",
        "AIRFLOW_CONN_STRIPE_DEFAULT": '{"conn_type": "generic", "password": "sk_live_neverUsed"}',
    }
    stack = make_stack(given)
    stack.start()
    service = asked(stack.connections()["staging_api"].base_url)["environ"]
    assert service["DATABASE_URL"] == "postgresql://me:p%40ss@127.0.0.1:9/mine"
    assert service["STRIPE_API_KEY"].startswith("sk_test_")
    assert service["STRIPE_API_BASE"] == ""


def test_a_part_that_does_not_start_is_told_and_the_rest_ended(
    make_stack: Callable[..., Stack], launch: Launch, environ: dict[str, str]
) -> None:
    stack = make_stack({**environ, "MIGRATE_STATUS": "5"})
    with pytest.raises(ServiceUnreachableError, match="billing service's migration: it ended with status 5"):
        stack.start()
    assert launch.supervisor._last_started() == []


def test_python_children_write_byte_code_and_know_nothing_of_airflow() -> None:
    environ = {"PYTHONDONTWRITEBYTECODE": "1", "AIRFLOW_HOME": "/x", "ENVIRONMENT": "staging", "PATH": "/bin"}
    kept = python_environment(environ)
    assert set(kept) == {"ENVIRONMENT", "PATH"}
    assert kept["PATH"].endswith(":/bin")


def test_prometheus_really_scrapes_the_pushgateway(launch: Launch, root: Path) -> None:
    from local_staging.stack.cache import default_cache_dir
    from local_staging.stack.monitoring import prometheus_config, start_prometheus, start_pushgateway
    from local_staging.stack.monitoring_binaries import MonitoringBinaries
    from staging_validation.errors import ConfigurationError

    parts: dict[str, Any] = {"supervisor": launch.supervisor, "log_dir": launch.log_dir}
    binaries = MonitoringBinaries(default_cache_dir(os.environ), environ=os.environ, **parts)
    try:
        gateway, prometheus = binaries.find("pushgateway"), binaries.find("prometheus")
    except ConfigurationError as error:
        pytest.skip(str(error))
    gateway_port, prometheus_port = launch.ports.take(), launch.ports.take()
    gateway_url = f"http://127.0.0.1:{gateway_port}"
    start_pushgateway(gateway, gateway_port, **parts)
    config = prometheus_config(gateway_url, "http://127.0.0.1:9")
    start_prometheus(prometheus, prometheus_port, config, root / "prometheus", **parts)
    requests.put(f"{gateway_url}/metrics/job/a_job/validation_run/r1", data="probe 42\n", timeout=5)

    def seen() -> Any:
        url = f"http://127.0.0.1:{prometheus_port}/api/v1/query"
        return requests.get(url, params={"query": "probe"}, timeout=5).json()["data"]["result"] or None

    found = wait_for("the pushed series", seen, timeout_seconds=20)
    assert found[0]["metric"] == {"__name__": "probe", "job": "a_job", "validation_run": "r1"}
    assert found[0]["value"][1] == "42"
