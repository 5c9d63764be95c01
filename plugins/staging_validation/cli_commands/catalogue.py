"""``catalogue``: the reference page of the metric catalogue, and its JSON Schema, printed or written."""

from __future__ import annotations

import sys
from pathlib import Path

from staging_validation.clients.source_files import read_source_files
from staging_validation.errors import ConfigurationError
from staging_validation.project import include_dir, project_root
from staging_validation.telemetry import parse_catalogue
from staging_validation.telemetry.json_schema import schema_text
from staging_validation.telemetry.page import catalogue_page


def catalogue(*, schema: bool = False, write: Path | None = None) -> int:
    """Print the page, or the schema; or write it to a file.

    Args:
        schema: The JSON Schema of a catalogue file instead of the page.
        write: The file; it is replaced.

    Returns:
        The exit status.

    Raises:
        ConfigurationError: The catalogue cannot be used, or the file cannot be written.
    """
    text = schema_text() if schema else _page()
    if write is None:
        sys.stdout.write(text)
        return 0
    try:
        write.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{write} cannot be written: {error.strerror}.", remedy="name a file in a folder that exists"
        ) from error
    sys.stdout.write(f"Wrote {write}.\n")
    return 0


def _page() -> str:
    files = read_source_files(include_dir("telemetry"), ".yaml", relative_to=project_root())
    return catalogue_page(parse_catalogue(files))
