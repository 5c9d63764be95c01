"""Connections as people configure them, read without Airflow.

The same values serve Airflow and the command line: ``AIRFLOW_CONN_<ID>`` variables (JSON or URI, as Airflow
documents them) come first, ``airflow_settings.yaml`` (the Astro CLI's format) second.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, ValidationError, field_validator

from staging_validation.errors import ConfigurationError

STAGING_POSTGRES = "staging_postgres"
STAGING_API = "staging_api"
STAGING_API_STRICT = "staging_api_strict"
PUSHGATEWAY = "pushgateway_default"
PROMETHEUS = "prometheus_default"
STRIPE = "stripe_default"
GRAFANA = "grafana_default"


class ConnectionSettings(BaseModel):
    """One connection, with the fields of an Airflow connection.

    Attributes:
        conn_id: Its name, for example ``staging_postgres``.
        conn_type: ``postgres``, ``http`` or ``generic``.
        host: Host name, or a whole base URL for HTTP services.
        port: TCP port.
        database: The database's name (Airflow calls the field *schema*); the URL scheme for HTTP services.
        login: User name.
        password: Password or key; never printed.
        extra: Everything else, by name.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="ignore")

    conn_id: str
    conn_type: str = "generic"
    host: str | None = None
    port: int | None = None
    database: str | None = Field(default=None, alias="schema")
    login: str | None = None
    password: SecretStr | None = None
    extra: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("extra", mode="before")
    @classmethod
    def _extra_may_be_text(cls, value: object) -> object:
        if isinstance(value, str):
            return json.loads(value) if value.strip() else {}
        return value or {}

    @property
    def secret(self) -> str | None:
        """The password or key in clear: hand it to a client, never to a message."""
        return self.password.get_secret_value() if self.password else None

    @property
    def base_url(self) -> str:
        """The HTTP service's address, without a trailing slash.

        Raises:
            ConfigurationError: The connection has no host.
        """
        if not self.host:
            raise ConfigurationError(
                f"Connection {self.conn_id} has no host.",
                remedy=f"set the host of the connection {self.conn_id}",
            )
        address = self.host if "://" in self.host else f"{self.database or 'http'}://{self.host}"
        if self.port and not urlsplit(address).port:
            address = f"{address.rstrip('/')}:{self.port}"
        return address.rstrip("/")

    @classmethod
    def from_airflow_value(cls, conn_id: str, value: str) -> ConnectionSettings:
        """Read the value of an ``AIRFLOW_CONN_…`` variable: a JSON object or a URI.

        Raises:
            ConfigurationError: The value is neither.
        """
        if value.lstrip().startswith("{"):
            return cls.from_fields(conn_id, value)
        return cls._from_uri(conn_id, value)

    @classmethod
    def from_fields(cls, conn_id: str, fields: str | Mapping[str, Any]) -> ConnectionSettings:
        """Read a connection from its fields, given as a mapping or as a JSON object.

        Raises:
            ConfigurationError: It is no JSON, or a field of it is wrong.
        """
        try:
            loaded = json.loads(fields) if isinstance(fields, str) else dict(fields)
            return cls.model_validate({**loaded, "conn_id": conn_id})
        except json.JSONDecodeError as error:
            cause = f"no valid JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            cause = f"field {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise ConfigurationError(
            f"Connection {conn_id} cannot be read: {cause}.",
            remedy=f"correct {conn_id} (JSON with conn_type, host, port, schema, login, password, extra)",
        )

    @classmethod
    def _from_uri(cls, conn_id: str, uri: str) -> ConnectionSettings:
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            # The cause would quote a part of the URI, which may be a part of the password: it is not kept.
            raise ConfigurationError(
                f"Connection {conn_id} is no valid URI.",
                remedy="percent-encode special characters in login and password, or write the connection as JSON",
            ) from None
        if not parts.scheme or "://" not in uri:
            raise ConfigurationError(
                f"Connection {conn_id} is neither JSON nor a URI with a scheme.",
                remedy="write it as JSON, or as conn-type://login:password@host:port/schema",
            )
        extra = dict(parse_qsl(parts.query))
        return cls.from_fields(
            conn_id,
            {
                "conn_type": parts.scheme.replace("-", "_").replace("postgresql", "postgres"),
                "host": unquote(parts.hostname) if parts.hostname else None,
                "port": port,
                "schema": unquote(parts.path.lstrip("/")) or None,
                "login": unquote(parts.username) if parts.username else None,
                "password": unquote(parts.password) if parts.password else None,
                "extra": extra.get("__extra__", extra),
            },
        )


def read_settings_file(path: Path) -> dict[str, ConnectionSettings]:
    """Read the connections of an ``airflow_settings.yaml`` (the Astro CLI's keys, ``conn_host`` and so on).

    Raises:
        ConfigurationError: The file is missing, is no YAML, or a connection in it is wrong.
    """
    found = {}
    for entry in named_entries(path, "connections", "conn_id"):
        conn_id = entry["conn_id"]
        if entry.get("conn_uri") and not entry.get("conn_type"):
            found[conn_id] = ConnectionSettings.from_airflow_value(conn_id, entry["conn_uri"])
            continue
        fields = {
            key.removeprefix("conn_"): value
            for key, value in entry.items()
            if key not in ("conn_id", "conn_uri")
        }
        fields["conn_type"] = fields.pop("type", "generic")
        found[conn_id] = ConnectionSettings.from_fields(
            conn_id, {k: v for k, v in fields.items() if v not in (None, "")}
        )
    return found


def settings_section(path: Path, section: str) -> list[dict[str, Any]]:
    """Return one list (``connections``, ``variables`` or ``pools``) of an ``airflow_settings.yaml``.

    Raises:
        ConfigurationError: The file is missing or is no YAML of that shape.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # Only the place: the parser's own text quotes the line, which may hold a password.
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark else ""
        raise ConfigurationError(f"{path} is no valid YAML{place}.") from None
    settings = content.get("airflow") or {} if isinstance(content, dict) else None
    entries = settings.get(section) or [] if isinstance(settings, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError(f"{path}: airflow.{section} is not a list of entries.")
    return entries


def named_entries(path: Path, section: str, key: str) -> list[dict[str, Any]]:
    """Return a section of an ``airflow_settings.yaml`` whose entries all have a name.

    Args:
        path: The file.
        section: ``connections``, ``variables`` or ``pools``.
        key: The field that names an entry: ``conn_id``, ``variable_name`` or ``pool_name``.

    Raises:
        ConfigurationError: See :func:`settings_section`; or an entry has no name.
    """
    entries = settings_section(path, section)
    for position, entry in enumerate(entries):
        if not entry.get(key):
            raise ConfigurationError(f"{path}: airflow.{section}[{position}] has no {key}.")
    return entries


def read_settings_variables(path: Path) -> dict[str, str]:
    """Read the Airflow variables of an ``airflow_settings.yaml``.

    Raises:
        ConfigurationError: See :func:`named_entries`.
    """
    return {
        str(entry["variable_name"]): str(entry.get("variable_value") or "")
        for entry in named_entries(path, "variables", "variable_name")
    }


def load_variables(environ: Mapping[str, str], settings_file: Path | None = None) -> dict[str, str]:
    """Gather all Airflow variables: the settings file's, overridden by ``AIRFLOW_VAR_…`` variables.

    Args:
        environ: The environment to read.
        settings_file: An ``airflow_settings.yaml``; none by default.

    Raises:
        ConfigurationError: See :func:`read_settings_variables`.
    """
    found = read_settings_variables(settings_file) if settings_file else {}
    prefix = "AIRFLOW_VAR_"
    return found | {
        name.removeprefix(prefix).lower(): value for name, value in environ.items() if name.startswith(prefix)
    }


def load_connections(
    environ: Mapping[str, str] | None = None, settings_file: Path | None = None
) -> dict[str, ConnectionSettings]:
    """Gather all connections: the settings file's, overridden by ``AIRFLOW_CONN_…`` variables.

    Args:
        environ: The environment to read; the process's own by default.
        settings_file: An ``airflow_settings.yaml``; none by default.

    Returns:
        Connections by their id, in lower case.

    Raises:
        ConfigurationError: A value cannot be read.
    """
    found = read_settings_file(settings_file) if settings_file else {}
    for name, value in (os.environ if environ is None else environ).items():
        if name.startswith("AIRFLOW_CONN_") and value:
            conn_id = name.removeprefix("AIRFLOW_CONN_").lower()
            found[conn_id] = ConnectionSettings.from_airflow_value(conn_id, value)
    return found
