"""What people configured: ``airflow_settings.yaml``, overridden by the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staging_validation.clients.connections import (
    ConnectionSettings,
    load_connections,
    named_entries,
    read_settings_file,
    read_settings_variables,
)
from staging_validation.errors import ConfigurationError


@dataclass(frozen=True)
class Pool:
    """An Airflow pool.

    Attributes:
        name: Its name.
        slots: How many tasks may use it at once.
        description: What it is for.
    """

    name: str
    slots: int
    description: str = ""


@dataclass(frozen=True)
class LocalSettings:
    """The settings of a local run.

    Attributes:
        file_connections: Connections of the settings file, by id. Their hosts are a team's; a local run replaces
            those of the parts it starts itself.
        given: Connections that the environment names; these win over everything.
        variables: Airflow variables of the settings file.
        pools: Airflow pools of the settings file.
    """

    file_connections: Mapping[str, ConnectionSettings]
    given: Mapping[str, ConnectionSettings]
    variables: Mapping[str, str]
    pools: tuple[Pool, ...]

    @classmethod
    def load(cls, settings_file: Path, environ: Mapping[str, str]) -> LocalSettings:
        """Read the settings file and the environment.

        Raises:
            ConfigurationError: One of them cannot be read.
        """
        return cls(
            file_connections=read_settings_file(settings_file),
            given=load_connections(environ),
            variables=read_settings_variables(settings_file),
            pools=tuple(
                _pool(settings_file, entry) for entry in named_entries(settings_file, "pools", "pool_name")
            ),
        )

    def extra_of(self, conn_id: str) -> dict[str, Any]:
        """Return the extra field that the settings file gives a connection."""
        connection = self.file_connections.get(conn_id)
        return dict(connection.extra) if connection else {}


def connection_variable(conn_id: str) -> str:
    """Return the name of the environment variable that holds a connection for Airflow."""
    return f"AIRFLOW_CONN_{conn_id.upper()}"


def connection_value(connection: ConnectionSettings) -> str:
    """Return a connection as JSON, the form of ``AIRFLOW_CONN_…`` variables that Airflow documents."""
    fields = {
        "conn_type": connection.conn_type,
        "host": connection.host,
        "port": connection.port,
        "schema": connection.database,
        "login": connection.login,
        "password": connection.secret,
        "extra": connection.extra or None,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def _pool(path: Path, entry: Mapping[str, Any]) -> Pool:
    slots = entry.get("pool_slot")
    if not isinstance(slots, int) or slots < 1:
        raise ConfigurationError(
            f"{path}: pool {entry['pool_name']!r} has pool_slot {slots!r}.",
            remedy="give it a whole number above 0",
        )
    return Pool(str(entry["pool_name"]), slots, str(entry.get("pool_description") or ""))
