"""Starts a Pushgateway and a Prometheus that scrapes it and the billing service every second."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests
import yaml

from local_staging.stack.ports import LOOPBACK
from local_staging.stack.processes import Child, Program
from local_staging.stack.supervisor import Supervisor

SCRAPE_INTERVAL_SECONDS = 1
_START_SECONDS = 30.0


def http_answers(url: str) -> Callable[[], bool | None]:
    """Return a probe that is true once the URL answers 200 to GET (the Pushgateway answers 405 to HEAD)."""

    def ask() -> bool | None:
        try:
            return requests.get(url, timeout=2.0).status_code == requests.codes.ok or None
        except requests.RequestException:
            return None

    return ask


def start_pushgateway(binary: Path, port: int, *, supervisor: Supervisor, log_dir: Path) -> Child:
    """Start a Pushgateway that keeps its groups in memory, and wait until it is ready."""
    argv = (str(binary), f"--web.listen-address={LOOPBACK}:{port}")
    return _start("Pushgateway", argv, port, supervisor, log_dir / "pushgateway.log")


def start_prometheus(
    binary: Path,
    port: int,
    config: Mapping[str, object],
    folder: Path,
    *,
    supervisor: Supervisor,
    log_dir: Path,
) -> Child:
    """Start a Prometheus on an empty database below ``folder``, and wait until it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    config_file = folder / "prometheus.yml"
    config_file.write_text(yaml.safe_dump(dict(config), sort_keys=False), encoding="utf-8")
    argv = (
        str(binary),
        f"--config.file={config_file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
    )
    return _start("Prometheus", argv, port, supervisor, log_dir / "prometheus.log")


def prometheus_config(pushgateway_url: str, service_url: str) -> dict[str, object]:
    """Return the configuration: what is scraped, and the external label that names the environment.

    Args:
        pushgateway_url: The Pushgateway's base URL. Labels of pushed series are kept (``honor_labels``), as the
            Pushgateway's documentation asks for.
        service_url: The billing service's base URL.
    """
    interval = f"{SCRAPE_INTERVAL_SECONDS}s"
    return {
        "global": {
            "scrape_interval": interval,
            "evaluation_interval": interval,
            "external_labels": {"environment": "staging"},
        },
        "scrape_configs": [
            {"job_name": "pushgateway", "honor_labels": True, **_target(pushgateway_url)},
            {"job_name": "billing_service", **_target(service_url)},
        ],
    }


def _target(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {
        "scheme": parts.scheme,
        "metrics_path": f"{parts.path.rstrip('/')}/metrics",
        "static_configs": [{"targets": [parts.netloc.rpartition("@")[2]]}],
    }


def _start(name: str, argv: tuple[str, ...], port: int, supervisor: Supervisor, log: Path) -> Child:
    child = supervisor.start(Program(name=name, argv=argv, log=log, env={"PATH": os.defpath}))
    child.wait_until(
        f"be ready on port {port}",
        http_answers(f"http://{LOOPBACK}:{port}/-/ready"),
        timeout_seconds=_START_SECONDS,
        interruption=supervisor.interruption,
    )
    return child
