"""Writes a run's report: a page for people and the same results for programs."""

from __future__ import annotations

from typing import Any

from staging_validation.clients.storage import write_whole
from staging_validation.errors import ConfigurationError
from staging_validation.reporting import render_html
from staging_validation.reporting.page import DEFAULT_TITLE
from staging_validation.results import RunResults

PAGE = "index.html"
DATA = "results.json"


def write_report(results: RunResults, folder: Any, *, title: str = DEFAULT_TITLE) -> Any:
    """Write ``results.json`` and then ``index.html`` into a folder, each of them whole or not at all.

    Args:
        results: The run.
        folder: See :mod:`staging_validation.clients.storage`.
        title: The page's heading.

    Returns:
        The path of the page, of the same type as the folder.

    Raises:
        ConfigurationError: The folder cannot be written to.
    """
    page = render_html(results, title=title)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / DATA, results.model_dump_json(indent=1) + "\n")
        write_whole(folder / PAGE, page)
    except OSError as error:
        raise ConfigurationError(
            f"The report cannot be written to {folder}: {error.strerror or error}.",
            remedy="name a folder that this user may write to and that has space left",
        ) from error
    return folder / PAGE
