"""Airflow's connections as the package's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from staging_validation.errors import ConfigurationError

if TYPE_CHECKING:
    from staging_validation.clients.connections import ConnectionSettings


def connection_of(conn_id: str) -> Connection:
    """Return an Airflow connection.

    Raises:
        ConfigurationError: There is none of that name.
    """
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            f"The Airflow connection {conn_id} does not exist.",
            remedy=f"create the connection {conn_id} (Admin -> Connections, or AIRFLOW_CONN_{conn_id.upper()})",
        ) from error


def settings_of(conn_id: str) -> ConnectionSettings:
    """Return an Airflow connection as :class:`~staging_validation.clients.connections.ConnectionSettings`.

    Raises:
        ConfigurationError: There is none of that name, or a field of it is wrong.
    """
    from staging_validation.clients.connections import ConnectionSettings

    connection = connection_of(conn_id)
    return ConnectionSettings.from_fields(
        conn_id,
        {
            "conn_type": connection.conn_type or "generic",
            "host": connection.host,
            "port": connection.port,
            "schema": connection.schema,
            "login": connection.login,
            "password": connection.password,
            "extra": connection.extra_dejson,
        },
    )
