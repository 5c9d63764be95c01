"""The environment that makes Airflow small, quick and loopback-only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local_staging.stack.ports import LOOPBACK

TUNING = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__PARALLELISM": "8",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
    # The scheduler looks for work five times a second, and a worker's end is noticed within a second.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # Only runs that are asked for: a nightly schedule must not start a second run beside ours.
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}
"""Defaults of a local run. The environment of the launcher comes before them."""


def airflow_environment(
    *,
    base: Mapping[str, str],
    environ: Mapping[str, str],
    home: Path,
    log_folder: Path,
    dags_folder: Path,
    plugins_folder: Path,
    metadata_url: str,
    port: int,
    user: str,
    password_file: Path,
    secret: str,
    fernet_key: str,
) -> dict[str, str]:
    """Return the environment of every Airflow component.

    Args:
        base: What any Python child gets (path, locale, ...).
        environ: The launcher's environment: its ``AIRFLOW_…`` variables are passed on.
        home: ``AIRFLOW_HOME``.
        log_folder: The tasks' logs.
        dags_folder: The DAGs.
        plugins_folder: The plugins.
        metadata_url: SQLAlchemy URL of the metadata database.
        port: Port of the API server.
        user: The one user's name; an administrator.
        password_file: Where the password is, as the simple auth manager reads it.
        secret: Signs API tokens and sessions.
        fernet_key: Encrypts connections in the metadata database.
    """
    given = {name: value for name, value in environ.items() if name.startswith("AIRFLOW_")}
    address = f"http://{LOOPBACK}:{port}"
    fixed = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags_folder),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins_folder),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{user}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(log_folder),
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
    }
    # A metadata database that somebody keeps is read with that somebody's keys.
    keys = {
        "AIRFLOW__CORE__FERNET_KEY": fernet_key,
        "AIRFLOW__API__SECRET_KEY": secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
    }
    return {**base, **TUNING, **keys, **given, **fixed}
