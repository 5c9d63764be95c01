"""Finds Prometheus, promtool and the Pushgateway: on PATH, in the cache, or from the system's package archive.

Debian and its relatives package all three. Their packages are downloaded with the system's own ``apt-get`` (which
checks signatures) and unpacked into the cache; nothing is installed, no service is started, root is not needed.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from local_staging.stack.cache import install_once
from local_staging.stack.processes import Program
from local_staging.stack.supervisor import Supervisor
from staging_validation.errors import ConfigurationError, ServiceUnreachableError, StagingValidationError

_APT_SECONDS = 180.0
_PACKAGES = {
    # program: (names on PATH, package)
    "prometheus": (("prometheus",), "prometheus"),
    "promtool": (("promtool",), "prometheus"),
    "pushgateway": (("pushgateway", "prometheus-pushgateway"), "prometheus-pushgateway"),
}


class MonitoringBinaries:
    """Where the monitoring programs are.

    Args:
        cache_dir: The project's cache of programs.
        supervisor: Runs ``apt-get`` and ``dpkg-deb``.
        log_dir: Receives their logs.
        environ: The environment they get; its PATH is searched.
    """

    def __init__(
        self, cache_dir: Path, *, supervisor: Supervisor, log_dir: Path, environ: Mapping[str, str]
    ) -> None:
        self._cache_dir = cache_dir
        self._supervisor = supervisor
        self._log_dir = log_dir
        self._environ = environ

    def find(self, program: str) -> Path:
        """Return the path of ``prometheus``, ``promtool`` or ``pushgateway``.

        Raises:
            ConfigurationError: It is not on this system and cannot be fetched; says what to do.
        """
        names, package = _PACKAGES[program]
        for name in names:
            found = shutil.which(name, path=self._environ.get("PATH", os.defpath))
            if found:
                return Path(found)
        folder = self._unpacked(program, package)
        return next(path for name in names if (path := folder / "bin" / name).is_file())

    def _unpacked(self, program: str, package: str) -> Path:
        target = self._cache_dir / f"{package}-{_system()}"
        if target.is_dir():
            return target
        for tool in ("apt-get", "dpkg-deb"):
            if shutil.which(tool, path=self._environ.get("PATH", os.defpath)) is None:
                raise _not_available(
                    program, f"is not on PATH, and this system has no {tool} to fetch it with"
                )
        try:
            return install_once(target, lambda folder: self._fetch(package, folder))
        except (StagingValidationError, OSError) as error:
            raise _not_available(program, f"is not on PATH and could not be fetched ({error})") from error

    def _fetch(self, package: str, folder: Path) -> None:
        download = folder / ".download"
        download.mkdir()
        try:
            self._apt(download, "download", package)
        except ServiceUnreachableError:
            # The system's package lists are empty or out of date, and only root may renew them: keep our own.
            lists = self._private_lists()
            self._apt(download, *lists, "update")
            self._apt(download, *lists, "download", package)
        archive = next(download.glob(f"{package}_*.deb"))
        self._run("dpkg-deb", folder, "-x", str(archive), str(download / "content"))
        shutil.move(download / "content" / "usr" / "bin", folder / "bin")
        shutil.rmtree(download)

    def _private_lists(self) -> tuple[str, ...]:
        state = self._cache_dir / "apt"
        for part in ("lists/partial", "cache/archives/partial"):
            (state / part).mkdir(parents=True, exist_ok=True)
        return ("-o", f"Dir::State::lists={state / 'lists'}", "-o", f"Dir::Cache={state / 'cache'}")

    def _apt(self, folder: Path, *arguments: str) -> None:
        # The download must not switch to the account _apt when we are root: it may not write to our folder.
        quiet = ("-q", "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=2")
        sandbox = ("-o", "APT::Sandbox::User=root") if os.geteuid() == 0 else ()
        self._run("apt-get", folder, *quiet, *sandbox, *arguments)

    def _run(self, tool: str, folder: Path, *arguments: str) -> None:
        program = Program(
            name=tool,
            argv=(tool, *arguments),
            log=self._log_dir / "packages.log",
            env={**self._environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            cwd=folder,
        )
        self._supervisor.run(program, timeout_seconds=_APT_SECONDS)


def _system() -> str:
    """Name the system that a package fits: ``debian-12-x86_64``."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return f"{release.get('ID', 'unknown')}-{release.get('VERSION_ID', 'x')}-{platform.machine()}"


def _not_available(program: str, why: str) -> ConfigurationError:
    package = _PACKAGES[program][1]
    part = "PUSHGATEWAY" if program == "pushgateway" else "PROMETHEUS"
    image, port = ("prom/pushgateway", 9091) if part == "PUSHGATEWAY" else ("prom/prometheus", 9090)
    return ConfigurationError(
        f"{program} {why}.",
        remedy=f"put {program} on PATH (on Debian and Ubuntu: the package {package}), or run one with Docker "
        f"(docker run -p {port}:{port} {image}) and name it: "
        f'AIRFLOW_CONN_{part}_DEFAULT=\'{{"conn_type": "http", "host": "127.0.0.1", "port": {port}}}\'',
    )
