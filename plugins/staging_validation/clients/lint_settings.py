"""What a check of files is given: the nearest configuration, the known metrics, the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from pathlib import Path

from staging_validation.clients.lint_files import find_config
from staging_validation.clients.source_files import read_source_file
from staging_validation.lint.config import LintConfig, read_config
from staging_validation.lint.context import (
    DEFAULT_GRAFANA,
    DEFAULT_PROMETHEUS,
    DEFAULT_SCRAPE_SECONDS,
    Settings,
    Version,
)
from staging_validation.lint.registry import all_rules


def load_config(paths: Sequence[Path], named: Path | None = None) -> LintConfig:
    """Read the configuration of a check.

    Args:
        paths: What is checked; without a name the nearest configuration counts, from the first path upwards.
        named: The configuration's file.

    Returns:
        What it says; an empty one where there is none.

    Raises:
        ConfigurationError: It cannot be read, or is wrong.
    """
    path = named or find_config(paths)
    return LintConfig() if path is None else read_config(read_source_file(path), all_rules())


def settings_for(
    config: LintConfig,
    *,
    catalogue: str | None = None,
    target_grafana: Version | None = None,
    scrape_interval_seconds: float | None = None,
) -> Settings:
    """Return the settings of a check: what is given, else what the configuration says, else the defaults.

    Args:
        config: The configuration.
        catalogue: Where the metrics are known from (:func:`~staging_validation.clients.known_metrics.known_metrics`).
        target_grafana: The Grafana that the dashboards are meant for.
        scrape_interval_seconds: The scrape interval.

    Raises:
        ConfigurationError: The metrics cannot be read.
        ServiceError: Prometheus cannot be asked for them.
    """
    if catalogue is None and config.catalogue is not None:
        catalogue = str(Path(config.path).parent / config.catalogue)
    known = None
    if catalogue is not None:
        # It needs the catalogue's model, and that costs a quarter of a second.
        from staging_validation.clients.known_metrics import known_metrics

        known = known_metrics(catalogue)
    return Settings(
        known,
        target_grafana or config.grafana or DEFAULT_GRAFANA,
        scrape_interval_seconds or config.scrape_interval_seconds or DEFAULT_SCRAPE_SECONDS,
        config.prometheus or DEFAULT_PROMETHEUS,
        config.retention_seconds,
    )


def today() -> date:
    """Return the day on which suppressions are judged: that of UTC, so that all machines agree."""
    return datetime.now(timezone.utc).date()
