"""The whole local environment: the embedded staging and Airflow, started side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_staging.airflow_runtime.api import AirflowApi
from local_staging.airflow_runtime.runtime import AirflowRuntime
from local_staging.stack.launch import Launch
from local_staging.stack.settings import LocalSettings
from local_staging.stack.stack import Stack
from staging_validation.errors import ConfigurationError

RESULTS_VARIABLE = "AIRFLOW_VAR_STAGING_VALIDATION_RESULTS_URL"
"""Where the report task writes; its value may be given, as long as this machine can read it."""


@dataclass
class Workbench:
    """Stack and Airflow of one launcher.

    Args:
        launch: The launcher: it starts the processes and ends them.
        root: The project's folder: ``airflow_settings.yaml`` is read there, the service is started there.
        environ: The environment of the launcher.
        dags_folder: The DAGs; the project's by default.
        plugins_folder: The plugins; the project's by default.
        progress: Told in a few words what has just been done.
        strict_api: Start the instance of the service that keeps the contract's rate limits, too.

    Attributes:
        seconds: How long the parts took to start, by part, from the start of the workbench.
    """

    launch: Launch
    root: Path
    environ: Mapping[str, str]
    dags_folder: Path | None = None
    plugins_folder: Path | None = None
    progress: Callable[[str], None] = lambda _text: None
    strict_api: bool = False
    seconds: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._settings = LocalSettings.load(self.root / "airflow_settings.yaml", self.environ)
        self.stack = Stack(
            self.launch,
            root=self.root,
            settings=self._settings,
            environ=self.environ,
            strict_api=self.strict_api,
        )
        results = {} if self.environ.get(RESULTS_VARIABLE) else {RESULTS_VARIABLE: str(self.results_dir)}
        self.airflow = AirflowRuntime(
            self.launch,
            dags_folder=self.dags_folder or self.root / "dags",
            plugins_folder=self.plugins_folder or self.root / "plugins",
            metadata_url=self.stack.metadata_url(),
            environ=self.environ,
            settings={**self.stack.environment(), **results},
        )

    @property
    def results_dir(self) -> Path:
        """The local folder that receives the results of all runs.

        Raises:
            ConfigurationError: The environment names a place that is no local folder.
        """
        given = self.environ.get(RESULTS_VARIABLE)
        if not given:
            return self.root / "build" / "results"
        if "://" in given and not given.startswith("file://"):
            raise ConfigurationError(
                f"{RESULTS_VARIABLE} names {given.split('://')[0]}:// storage, where a local run cannot read its "
                "report.",
                remedy=f"unset {RESULTS_VARIABLE}, or give it a folder of this machine",
            )
        return Path(given.removeprefix("file://"))

    def start(self) -> AirflowApi:
        """Start everything, and wait until it is ready.

        Returns:
            Airflow's API, signed in; the settings file's pools exist.

        Raises:
            StagingValidationError: A part does not start; its message says which and why.
            KeyboardInterrupt: Someone interrupted.
        """
        began = time.monotonic()
        # Everything knows everything's address beforehand, so Airflow's long start overlaps with the stack's.
        tasks = [*self.stack.tasks(), self.start_airflow]
        done = self._counted(began, len(self.stack.tasks()))
        self.launch.in_parallel(*(done(task) for task in tasks))
        api = self.airflow.wait_until_healthy()
        for pool in self._settings.pools:
            api.ensure_pool(pool.name, pool.slots, pool.description)
        self.seconds["Airflow"] = time.monotonic() - began
        self.progress(f"Airflow is healthy ({self.seconds['Airflow']:.0f} s)")
        return api

    def start_airflow(self) -> None:
        """Start the metadata database and Airflow's components, without waiting until they are healthy."""
        self.airflow.start(before=self.stack.start_metadata)

    def _counted(self, began: float, parts: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """Wrap the stack's tasks so that the time is taken when the last of them is done."""
        left = set(range(parts))

        def wrap(task: Callable[[], None]) -> Callable[[], None]:
            def run() -> None:
                task()
                if task == self.start_airflow:
                    return
                left.pop()
                if not left:
                    self.seconds["stack"] = time.monotonic() - began
                    self.progress(f"the stack is ready ({self.seconds['stack']:.0f} s)")

            return run

        return wrap
