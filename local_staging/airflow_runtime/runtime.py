"""Starts Airflow's four components beside the stack."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from local_staging.airflow_runtime.api import AirflowApi
from local_staging.airflow_runtime.configuration import airflow_environment
from local_staging.stack.launch import Launch
from local_staging.stack.ports import LOOPBACK
from local_staging.stack.processes import Child, Program
from local_staging.stack.stack import python_environment
from staging_validation.clients.polling import wait_for

USER = "admin"
"""The one user, an administrator."""

_MIGRATE_SECONDS = 120.0
_START_SECONDS = 120.0
_COMPONENTS = {
    # The log servers of scheduler and triggerer would listen on all interfaces; on one machine logs are read as files.
    "api-server": (),
    "dag-processor": (),
    "scheduler": ("--skip-serve-logs",),
    "triggerer": ("--skip-serve-logs",),
}


class AirflowRuntime:
    """Airflow of one launcher.

    Args:
        launch: The launcher: it starts the processes and ends them.
        dags_folder: The DAGs.
        plugins_folder: The plugins.
        metadata_url: SQLAlchemy URL of the metadata database, with its credentials.
        environ: The environment of the launcher, passed on to Airflow.
        settings: Further environment variables: connections and Airflow variables. The launcher's environment
            comes before them.

    Attributes:
        base_url: Where the UI and the API are.
        password_file: The file that holds the password, readable by its owner only.
        home: ``AIRFLOW_HOME``.
    """

    def __init__(
        self,
        launch: Launch,
        *,
        dags_folder: Path,
        plugins_folder: Path,
        metadata_url: str,
        environ: Mapping[str, str],
        settings: Mapping[str, str],
    ) -> None:
        port = launch.ports.take()
        self.home = launch.folder / "airflow"
        self.base_url = f"http://{LOOPBACK}:{port}"
        self.password_file = self.home / "simple_auth_manager_passwords.json"
        self._launch = launch
        self._password = secrets.token_urlsafe(18)
        self._children: list[Child] = []
        self._env = airflow_environment(
            base={**settings, **python_environment(environ)},
            environ=environ,
            home=self.home,
            log_folder=launch.log_dir / "tasks",
            dags_folder=dags_folder,
            plugins_folder=plugins_folder,
            metadata_url=metadata_url,
            port=port,
            user=USER,
            password_file=self.password_file,
            secret=secrets.token_urlsafe(32),
            fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        )

    def prepare(self) -> None:
        """Make the home folder and the tables of the metadata database.

        Raises:
            StagingValidationError: ``airflow db migrate`` failed.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump({USER: self._password}, stream)
        self._launch.supervisor.run(self._program("db", "migrate"), timeout_seconds=_MIGRATE_SECONDS)

    def start_components(self) -> None:
        """Start the four components, without waiting for them."""
        for component, options in _COMPONENTS.items():
            self._children.append(self._launch.supervisor.start(self._program(component, *options)))
        self._launch.state.record_address("airflow", self.base_url)

    def wait_until_healthy(self) -> AirflowApi:
        """Wait until all components are healthy.

        Returns:
            The API, signed in.

        Raises:
            ServiceUnreachableError: A component ended; the message holds the tail of its log.
            DeadlineError: They are not healthy in time.
        """
        api = self.api()
        seen: dict[str, str] = {}

        def healthy() -> bool | None:
            self.check()
            seen.clear()
            seen.update(api.unhealthy())
            return None if seen else True

        wait_for(
            "Airflow to be healthy",
            healthy,
            timeout_seconds=_START_SECONDS,
            interval_seconds=0.2,
            seen=lambda: seen,
            remedy=f"read the logs in {self._launch.log_dir}",
        )
        api.sign_in()
        return api

    def api(self) -> AirflowApi:
        """Return the API's client, not signed in yet."""
        return AirflowApi(
            self.base_url, user=USER, password=self._password, interruption=self._launch.interruption
        )

    def check(self) -> None:
        """Raise when someone interrupted or a component died.

        Raises:
            KeyboardInterrupt: Someone interrupted.
            ServiceUnreachableError: A component ended; the message holds the tail of its log.
        """
        self._launch.interruption.check()
        for child in self._children:
            if child.exit_status is not None:
                raise child.died()

    def start(self, before: Callable[[], None] | None = None) -> None:
        """Prepare and start everything, without waiting until it is healthy.

        Args:
            before: Called first: starts the metadata database.
        """
        if before is not None:
            before()
        self.prepare()
        self.start_components()

    def _program(self, *arguments: str) -> Program:
        return Program(
            name=f"airflow {' '.join(part for part in arguments if not part.startswith('-'))}",
            argv=(sys.executable, "-m", "airflow", *arguments),
            log=self._launch.log_dir / f"airflow-{arguments[0]}.log",
            env=self._env,
            cwd=self.home,
            # Nothing of Airflow's outlives a local run, and the triggerer takes its time to shut down.
            stop_seconds=2.0,
            group="airflow",
        )
