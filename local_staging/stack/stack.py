"""The embedded staging: databases, monitoring, Stripe sandbox and billing service, started side by side.

A part that the environment names (``AIRFLOW_CONN_…``) is somebody's own: it is used as it is, and neither
started, nor marked, nor migrated.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local_staging.service.settings import API_PER_MINUTE, ONBOARD_PER_MINUTE
from local_staging.stack.launch import Launch
from local_staging.stack.monitoring import (
    http_answers,
    prometheus_config,
    start_prometheus,
    start_pushgateway,
)
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.ports import LOOPBACK
from local_staging.stack.postgres import PostgresServer
from local_staging.stack.processes import Program
from local_staging.stack.settings import LocalSettings, connection_value, connection_variable
from staging_validation.clients.connections import (
    PROMETHEUS,
    PUSHGATEWAY,
    STAGING_API,
    STAGING_API_STRICT,
    STAGING_POSTGRES,
    STRIPE,
    ConnectionSettings,
)
from staging_validation.clients.marker import mark

METADATA_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
"""Airflow's setting for its metadata database; where it is set, none is started."""

_DATABASE = "staging"
_METADATA = "airflow"
_PRICE = "price_local_pro"
_SERVICE = "local_staging.service"
_SERVICE_SECONDS = 60.0
_MIGRATE_SECONDS = 60.0
_WEBHOOK_PATH = "/api/webhooks/stripe"
_HTTP_PARTS = (STAGING_API, PUSHGATEWAY, PROMETHEUS)
_RAISED_LIMITS = {
    # The nightly run signs up customers faster than people do; the strict instance keeps the limits.
    "BILLING_ONBOARD_PER_MINUTE": "100000",
    "BILLING_API_PER_MINUTE": "1000000",
}
_STRICT_LIMITS = {
    "BILLING_ONBOARD_PER_MINUTE": str(ONBOARD_PER_MINUTE),
    "BILLING_API_PER_MINUTE": str(API_PER_MINUTE),
    # The first instance does it, whose metrics Prometheus reads.
    "BILLING_PROCESS_WEBHOOKS": "off",
}


class Stack:
    """The embedded staging of one launcher.

    Args:
        launch: The launcher: it starts the processes and ends them.
        root: The project's folder.
        settings: What people configured.
        environ: The environment of the launcher.
        strict_api: Start a second instance of the billing service too, which keeps the contract's rate limits.
    """

    def __init__(
        self,
        launch: Launch,
        *,
        root: Path,
        settings: LocalSettings,
        environ: Mapping[str, str],
        strict_api: bool = False,
    ) -> None:
        self._launch = launch
        self._root = root
        self._settings = settings
        self._environ = environ
        self._webhook_secret = f"whsec_{secrets.token_hex(24)}"
        self._stripe_key = f"sk_test_{secrets.token_hex(16)}"
        strict = (STAGING_API_STRICT,) if strict_api and STAGING_API not in settings.given else ()
        self._started = {
            conn_id: port
            for conn_id in (*_HTTP_PARTS, STRIPE, *strict)
            if (port := self._port_unless_given(conn_id))
        }
        self._staging = self._server("staging", _DATABASE) if STAGING_POSTGRES not in settings.given else None
        self._metadata = self._server("metadata", _METADATA) if not environ.get(METADATA_VARIABLE) else None

    def tasks(self) -> list[Callable[[], None]]:
        """Return what :meth:`Launch.in_parallel` has to do to start everything but Airflow's metadata."""
        return [self._start_staging, self._start_sandbox, self._start_pushgateway, self._start_prometheus]

    def start(self) -> None:
        """Start everything but Airflow's metadata database, and wait until it is ready.

        Raises:
            StagingValidationError: A part does not start; what had been started is ended.
        """
        self._launch.in_parallel(*self.tasks())

    def start_metadata(self) -> None:
        """Start Airflow's metadata database, unless the environment names one."""
        if self._metadata is not None:
            self._metadata.start()
            self._note("airflow metadata", f"{self._metadata.host}:{self._metadata.port}/{_METADATA}")

    def metadata_url(self) -> str:
        """Return the SQLAlchemy URL of Airflow's metadata database, with its credentials."""
        if self._metadata is None:
            return self._environ[METADATA_VARIABLE]
        return self._metadata.dsn(_METADATA).replace("postgresql://", "postgresql+psycopg2://", 1)

    def environment(self) -> dict[str, str]:
        """Return the connections of all parts as ``AIRFLOW_CONN_…`` variables, and the settings file's variables.

        Known before anything is started. What the environment of the launcher sets is left out: it wins.
        """
        own = {
            connection_variable(conn_id): connection_value(connection)
            for conn_id, connection in self.connections().items()
        }
        own |= {
            f"AIRFLOW_VAR_{name.upper()}": value for name, value in self._settings.variables.items() if value
        }
        return {name: value for name, value in own.items() if not self._environ.get(name)}

    def connections(self) -> dict[str, ConnectionSettings]:
        """Return all connections by id: those of started parts, the environment's, and the file's others."""
        started: dict[str, ConnectionSettings] = {}
        for conn_id in (*_HTTP_PARTS, STAGING_API_STRICT):
            if conn_id in self._started:
                started[conn_id] = self._http(conn_id, self._started[conn_id])
        if STRIPE in self._started:
            started[STRIPE] = ConnectionSettings(
                conn_id=STRIPE,
                conn_type="generic",
                host=f"http://{LOOPBACK}:{self._started[STRIPE]}",
                password=self._stripe_key,
                extra={"webhook_secret": self._webhook_secret, "pro_price_id": _PRICE},
            )
        if self._staging is not None:
            started[STAGING_POSTGRES] = ConnectionSettings(
                conn_id=STAGING_POSTGRES,
                conn_type="postgres",
                host=self._staging.host,
                port=self._staging.port,
                schema=_DATABASE,
                login=self._staging.user,
                password=self._staging.password,
                extra=self._settings.extra_of(STAGING_POSTGRES),
            )
        return {**self._settings.file_connections, **started, **self._settings.given}

    def _port_unless_given(self, conn_id: str) -> int | None:
        return None if conn_id in self._settings.given else self._launch.ports.take()

    def _server(self, folder: str, database: str) -> PostgresServer:
        return PostgresServer(
            self._launch.folder / "postgres" / folder,
            cache_dir=self._launch.cache_dir,
            port=self._launch.ports.take(),
            databases=(database,),
            supervisor=self._launch.supervisor,
            name=f"PostgreSQL ({folder})",
            on_private_dir=self._launch.state.record_private_dir,
        )

    def _http(self, conn_id: str, port: int) -> ConnectionSettings:
        extra = self._settings.extra_of(conn_id)
        return ConnectionSettings(conn_id=conn_id, conn_type="http", host=LOOPBACK, port=port, extra=extra)

    def _start_staging(self) -> None:
        """Start the database, then the service that needs it."""
        if self._staging is not None:
            self._staging.start()
            self._note(STAGING_POSTGRES, f"{self._staging.host}:{self._staging.port}/{_DATABASE}")
            _mark_own_database(self._staging)
            migrate = self._python("billing service's migration", _SERVICE, "migrate")
            self._launch.supervisor.run(migrate, timeout_seconds=_MIGRATE_SECONDS)
        self._start_service(STAGING_API, "billing service")
        self._start_service(STAGING_API_STRICT, "strict billing service", **_STRICT_LIMITS)

    def _start_service(self, conn_id: str, name: str, **variables: str) -> None:
        """Start an instance of the billing service, if it is one of ours."""
        port = self._started.get(conn_id)
        if port is not None:
            serve = self._python(name, _SERVICE, "serve", "--port", str(port), **variables)
            self._serve(conn_id, serve, port, "/api/health")

    def _start_sandbox(self) -> None:
        port = self._started.get(STRIPE)
        if port is None:
            return
        webhooks = f"{self.connections()[STAGING_API].base_url}{_WEBHOOK_PATH}"
        sandbox = self._python(
            "Stripe sandbox",
            *("local_staging.stripe_sandbox", "--port", str(port)),
            *("--webhook-url", webhooks, "--pro-price-id", _PRICE),
        )
        self._serve(STRIPE, sandbox, port, "/healthz")

    def _start_pushgateway(self) -> None:
        port = self._started.get(PUSHGATEWAY)
        if port is not None:
            binary = self._binaries().find("pushgateway")
            start_pushgateway(binary, port, supervisor=self._launch.supervisor, log_dir=self._launch.log_dir)
            self._note(PUSHGATEWAY, f"http://{LOOPBACK}:{port}")

    def _start_prometheus(self) -> None:
        port = self._started.get(PROMETHEUS)
        if port is None:
            return
        binary = self._binaries().find("prometheus")
        connections = self.connections()
        start_prometheus(
            binary,
            port,
            prometheus_config(connections[PUSHGATEWAY].base_url, connections[STAGING_API].base_url),
            self._launch.folder / "prometheus",
            supervisor=self._launch.supervisor,
            log_dir=self._launch.log_dir,
        )
        self._note(PROMETHEUS, f"http://{LOOPBACK}:{port}")

    def _binaries(self) -> MonitoringBinaries:
        return MonitoringBinaries(
            self._launch.cache_dir,
            supervisor=self._launch.supervisor,
            log_dir=self._launch.log_dir,
            environ=self._environ,
        )

    def _serve(self, conn_id: str, program: Program, port: int, ready_path: str) -> None:
        child = self._launch.supervisor.start(program)
        child.wait_until(
            f"be ready on port {port}",
            http_answers(f"http://{LOOPBACK}:{port}{ready_path}"),
            timeout_seconds=_SERVICE_SECONDS,
            interruption=self._launch.interruption,
        )
        self._note(conn_id, f"http://{LOOPBACK}:{port}")

    def _note(self, part: str, address: str) -> None:
        self._launch.state.record_address(part, address)

    def _python(self, name: str, module: str, *arguments: str, **variables: str) -> Program:
        return Program(
            name=name,
            argv=(sys.executable, "-m", module, *arguments),
            log=self._launch.log_dir / f"{name.replace(' ', '_')}.log",
            env={
                **_RAISED_LIMITS,
                **python_environment(self._environ),
                **self._service_environment(),
                **variables,
            },
            cwd=self._root,
        )

    def _service_environment(self) -> dict[str, str]:
        connections = self.connections()
        stripe = connections[STRIPE]
        # Only a test-mode key may reach the service. The guard refuses any other, and the night says so.
        key = stripe.secret if "_test_" in (stripe.secret or "") else self._stripe_key
        return {
            "DATABASE_URL": _dsn(connections[STAGING_POSTGRES]),
            "STRIPE_API_KEY": key or self._stripe_key,
            "STRIPE_API_BASE": stripe.host or "",
            "STRIPE_WEBHOOK_SECRET": str(stripe.extra.get("webhook_secret") or self._webhook_secret),
            "STRIPE_SANDBOX_WEBHOOK_SECRET": self._webhook_secret,
            "STRIPE_PRO_PRICE_ID": str(stripe.extra.get("pro_price_id") or _PRICE),
        }


def python_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a Python child: ours, without what is Airflow's, and with byte code.

    Without byte code every start of Airflow costs seconds more.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("AIRFLOW_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    folder = str(Path(sys.executable).parent)
    return {**kept, "PATH": os.pathsep.join([folder, environ.get("PATH", os.defpath)])}


def _mark_own_database(server: PostgresServer) -> None:
    import psycopg

    with psycopg.connect(server.dsn(_DATABASE), connect_timeout=5) as connection:
        mark(
            connection,
            environment="staging",
            marked_by="local_staging.stack",
            reason="made by the launcher for this run",
        )


def _dsn(settings: ConnectionSettings) -> str:
    """Return a database connection as the URL that the service takes."""
    login: Any = quote(settings.login or "", safe="")
    if settings.secret:
        login = f"{login}:{quote(settings.secret, safe='')}"
    host = f"{settings.host or LOOPBACK}:{settings.port or 5432}"
    return f"postgresql://{login}{'@' if login else ''}{host}/{quote(settings.database or '', safe='')}"
