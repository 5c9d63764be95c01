"""What people configured, read without Airflow: connections, and declared environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from staging_validation.clients.connections import ConnectionSettings, load_connections, load_variables
from staging_validation.environment import declared_names
from staging_validation.project import project_root


def configuration(
    settings_file: Path | None = None,
) -> tuple[dict[str, ConnectionSettings], dict[str, str | None]]:
    """Return the connections and the declared environment names.

    Args:
        settings_file: An ``airflow_settings.yaml``; by default that of the project, where there is one.
            ``AIRFLOW_CONN_…`` and ``AIRFLOW_VAR_…`` variables come first.

    Raises:
        ConfigurationError: The settings file or a variable cannot be read.
    """
    own = project_root() / "airflow_settings.yaml"
    known = settings_file or (own if own.is_file() else None)
    variables: Mapping[str, str | None] = load_variables(os.environ, known)
    return load_connections(os.environ, known), declared_names(os.environ, variables)
