"""What people configured, read without Airflow: connections, and declared environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from staging_validation.clients.connections import ConnectionSettings, load_connections, load_variables
from staging_validation.environment import declared_names
from staging_validation.project import project_root


def configuration(
    settings_file: Path | None = None, *, environ: Mapping[str, str] = os.environ
) -> tuple[dict[str, ConnectionSettings], dict[str, str | None]]:
    """Return the connections and the declared environment names.

    Args:
        settings_file: An ``airflow_settings.yaml``; by default that of the project, where there is one.
            ``AIRFLOW_CONN_…`` and ``AIRFLOW_VAR_…`` variables come first.
        environ: The environment to read; the process's own by default.

    Raises:
        ConfigurationError: The settings file or a variable cannot be read.
    """
    known = _settings_file(settings_file)
    variables: Mapping[str, str | None] = load_variables(environ, known)
    return load_connections(environ, known), declared_names(environ, variables)


def airflow_variables(
    settings_file: Path | None = None, *, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the Airflow variables that are set where :func:`configuration` looks; same arguments and errors."""
    return load_variables(environ, _settings_file(settings_file))


def _settings_file(given: Path | None) -> Path | None:
    own = project_root() / "airflow_settings.yaml"
    return given or (own if own.is_file() else None)
