"""Reads dashboard files for the live evaluation, which wants them whole: any problem of a file is an error."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard
from staging_validation.dashboards.reading import read_dashboard
from staging_validation.errors import ConfigurationError
from staging_validation.source_files import SourceFile


def parse_dashboard(file: SourceFile) -> Dashboard:
    """Read a dashboard.

    Args:
        file: The file, in any of Grafana's formats (see :func:`read_dashboard`).

    Returns:
        The dashboard.

    Raises:
        ConfigurationError: The file is no JSON, has another shape, or a part of it is missing or of the wrong
            kind; with line, column and JSON pointer.
    """
    reading = read_dashboard(file)
    for problem in reading.problems:
        place = f"{file.path}:{problem.line}:{problem.column}"
        raise ConfigurationError(f"{place}: {problem.message}", remedy=problem.remedy)
    if reading.dashboard is None:
        raise ConfigurationError(f"{file.path} holds no dashboard.")
    for pointer, what in _missing(reading.dashboard):
        line, column = reading.position(pointer)
        raise ConfigurationError(
            f"{file.path}:{line}:{column}: {what} is missing ({pointer}).",
            remedy="add it, or export the dashboard again",
        )
    return reading.dashboard


def _missing(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    """Yield what results are named by: without it two of them could not be told apart."""
    if not dashboard.uid:
        yield dashboard.uid_pointer, "the dashboard's uid"
    if not dashboard.title:
        yield f"{dashboard.body}/title", "the dashboard's title"
    for panel in dashboard.panels:
        if not panel.has_id:
            yield f"{panel.spec}/id", f"the id of the panel {panel.title!r}"
        for target in panel.targets:
            if not target.ref_id:
                yield target.ref_id_pointer, f"the refId of a query of the panel {panel.title!r}"
