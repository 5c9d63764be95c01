"""``lint``: check dashboards and rule files without running a query, and without Airflow."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from staging_validation.clients.forking import in_processes
from staging_validation.clients.lint_files import find_files, read_files
from staging_validation.clients.lint_settings import load_config, settings_for, today
from staging_validation.errors import ConfigurationError
from staging_validation.lint.config import read_version
from staging_validation.lint.engine import lint
from staging_validation.lint.finding import LintResult, Severity
from staging_validation.lint.looking import Selection
from staging_validation.lint.registry import all_rules
from staging_validation.promql.literals import read_duration

FORMATS = ("text", "json", "junit", "sarif")

_CLEAN, _FOUND = 0, 1


@dataclass(frozen=True)
class Options:
    """What the command line says; what it leaves out, the configuration or the default says.

    Attributes:
        paths: Files and folders.
        catalogue: Where the metrics are known from.
        format: One of :data:`FORMATS`.
        target_grafana: The Grafana that the dashboards are meant for.
        scrape_interval: How often the metrics are scraped.
        config: The configuration's file; by default the nearest, from the first path upwards.
    """

    paths: Sequence[Path]
    catalogue: str | None = None
    format: str = "text"
    target_grafana: str | None = None
    scrape_interval: str | None = None
    config: Path | None = None


def lint_files(options: Options) -> int:
    """Check files and print what is wrong with them.

    Args:
        options: What to check.

    Returns:
        The exit status: 0 without a finding that is an error, 1 with one.

    Raises:
        ConfigurationError: There is nothing to check, or the configuration or the catalogue cannot be used.
        ServiceError: The metrics cannot be learned from Prometheus.
    """
    paths = find_files(options.paths)
    config = load_config(options.paths, options.config)
    selection = config.selection(all_rules())
    files, unreadable = read_files(paths)
    with _no_garbage_collection():
        result = lint(
            files,
            settings_for(
                config,
                catalogue=options.catalogue,
                target_grafana=read_version(options.target_grafana) if options.target_grafana else None,
                scrape_interval_seconds=_seconds(options.scrape_interval),
            ),
            unreadable=unreadable,
            selection=selection,
            suppressions=config.suppressions,
            today=today(),
            spread=in_processes,
        )
    _print(_written(result, options.format, selection))
    if options.format != "text":
        from staging_validation.lint.output.text import summary

        sys.stderr.write(f"{summary(result)}\n")
    return _FOUND if result.count(Severity.ERROR) else _CLEAN


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep Python from looking for garbage: all trees live to the end, and looking costs a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def list_rules() -> int:
    """Print the index of the rules, as it stands in ``docs/rules/README.md``."""
    from staging_validation.lint.index import rules_index

    sys.stdout.write(rules_index(all_rules()))
    return _CLEAN


def _print(text: str) -> None:
    """Print a text; what the output's encoding has no character for is printed as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    seconds = read_duration(text)
    if not seconds:
        raise ConfigurationError(f"{text!r} is no scrape interval.", remedy="write it as 15s or 1m")
    return seconds


def _written(result: LintResult, form: str, selection: Selection) -> str:
    if form == "json":
        from staging_validation.lint.output.as_json import to_json

        return to_json(result)
    if form == "junit":
        from staging_validation.lint.output.junit import to_junit

        return to_junit(result)
    if form == "sarif":
        from staging_validation.lint.output.sarif import to_sarif

        return to_sarif(result, selection.rules)
    from staging_validation.lint.output.text import to_text

    return to_text(result, colour=sys.stdout.isatty())
