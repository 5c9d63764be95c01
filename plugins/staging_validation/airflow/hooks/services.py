"""HTTP services through the http provider's hook: session, authentication and TLS come from the connection.

A service that can be changed is handed out only after the guard's check; the guard itself looks at it through a
client that can only read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs
from airflow.providers.http.hooks.http import HttpHook

from staging_validation.airflow.hooks.settings import connection_of, settings_of
from staging_validation.clients.connections import PROMETHEUS, PUSHGATEWAY, STAGING_API
from staging_validation.clients.http import DEFAULT_TIMEOUT_SECONDS, HttpService
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.errors import ConfigurationError

if TYPE_CHECKING:
    import requests
    from airflow.sdk import Connection

    from staging_validation.clients.billing_api import BillingApi
    from staging_validation.clients.pushgateway import PushgatewayClient

OWN_EXTRA = frozenset({"paths", "scrape_job"})
"""Extra fields that are ours: the provider's hook sends every extra field it does not know as a request header."""


class ServiceHook(HttpHook):
    """Makes an :class:`~staging_validation.clients.http.HttpService` from a connection.

    Args:
        name: The service's name as people know it; every error starts with it.
        conn_id: The Airflow connection.
    """

    def __init__(self, name: str, conn_id: str) -> None:
        super().__init__(http_conn_id=conn_id)
        self.service_name = name

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """Return the connection without the extra fields that are not for the provider's hook."""
        connection = connection_of(conn_id)
        extra = {name: value for name, value in connection.extra_dejson.items() if name not in OWN_EXTRA}
        return attrs.evolve(connection, extra=json.dumps(extra))

    def get_conn(self, *args: Any, **kwargs: Any) -> requests.Session:
        """Open a session after the guard's check; everything that the provider's hook offers comes through here.

        Raises:
            GuardRefusedError: See :meth:`service`.
            ServiceUnreachableError: See :meth:`service`.
        """
        from staging_validation.airflow.hooks.environment import recheck

        recheck()
        return super().get_conn(*args, **kwargs)

    def look(self) -> HttpService:
        """Build a client that can only read.

        Raises:
            ConfigurationError: The connection does not exist, or its address is none.
        """
        return self._client(read_only=True)

    def service(self) -> HttpService:
        """Build a client that can change things, after a check that the guard allows it.

        Raises:
            GuardRefusedError: No guard passed in this run, or something is not what it saw.
            ServiceUnreachableError: A source of evidence cannot be asked any more.
            ConfigurationError: See :meth:`look`.
        """
        return self._client(read_only=False)

    def _client(self, *, read_only: bool) -> HttpService:
        try:
            session = super().get_conn() if read_only else self.get_conn()
        except ValueError as error:
            raise ConfigurationError(
                f"Connection {self.http_conn_id} has no usable address: {error}.",
                remedy=f"set the host of the connection {self.http_conn_id}",
            ) from error
        return HttpService(
            self.service_name,
            self.base_url,
            session=session,
            timeout_seconds=float(self.merged_extra.get("timeout") or DEFAULT_TIMEOUT_SECONDS),
            read_only=read_only,
        )


def prometheus() -> PrometheusClient:
    """Build the client of the connection ``prometheus_default``; it only reads."""
    return PrometheusClient(ServiceHook("Prometheus", PROMETHEUS).look())


def pushgateway() -> PushgatewayClient:
    """Build the client of the connection ``pushgateway_default``, after the guard's check.

    ``scrape_job`` in the connection's extra field names the job that scrapes it, where Prometheus knows it by
    another address and the job is not called ``pushgateway``.
    """
    return _pushgateway(ServiceHook("Pushgateway", PUSHGATEWAY).service())


def pushgateway_to_look_at() -> PushgatewayClient:
    """Build a client of the connection ``pushgateway_default`` that can only read."""
    return _pushgateway(ServiceHook("Pushgateway", PUSHGATEWAY).look())


def _pushgateway(service: HttpService) -> PushgatewayClient:
    from staging_validation.clients.pushgateway import SCRAPE_JOB, PushgatewayClient

    job = settings_of(PUSHGATEWAY).extra.get("scrape_job")
    return PushgatewayClient(service, scrape_job=str(job or SCRAPE_JOB))


def billing_api() -> BillingApi:
    """Build the client of the connection ``staging_api``, after the guard's check.

    ``paths`` in the connection's extra field names its operations.
    """
    from staging_validation.clients.billing_api import BillingApi

    paths = settings_of(STAGING_API).extra.get("paths")
    service = ServiceHook("Billing API", STAGING_API).service()
    return BillingApi(service, paths=paths if isinstance(paths, dict) else None)  # type: ignore[arg-type] # it checks
