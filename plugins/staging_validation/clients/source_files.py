"""Reads the files that people write below ``include/``."""

from __future__ import annotations

from pathlib import Path

from staging_validation.errors import ConfigurationError
from staging_validation.source_files import SourceFile


def read_source_file(path: Path, *, relative_to: Path | None = None) -> SourceFile:
    """Read one file as UTF-8 text.

    Args:
        path: The file.
        relative_to: A folder above it; messages name the file relative to it.

    Raises:
        ConfigurationError: The file cannot be read or is no UTF-8.
    """
    shown = str(path.relative_to(relative_to)) if relative_to else str(path)
    try:
        return SourceFile(shown, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{shown} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{shown} is no UTF-8 text (byte {error.start}).", remedy="save the file as UTF-8"
        ) from error


def read_source_files(
    folder: Path, *suffixes: str, relative_to: Path | None = None
) -> tuple[SourceFile, ...]:
    """Read a folder's files in the order of their names.

    Args:
        folder: The folder; files below its subfolders are not read.
        suffixes: Which files, by their endings: ``".yaml"``, ``".json"``.
        relative_to: See :func:`read_source_file`.

    Returns:
        The files; at least one.

    Raises:
        ConfigurationError: The folder is missing, or holds no such file: a step that would check nothing.
    """
    paths = sorted(path for path in folder.glob("*") if path.is_file() and path.suffix in suffixes)
    if not paths:
        state = "holds no" if folder.is_dir() else "does not exist, so there is no"
        raise ConfigurationError(
            f"{folder} {state} file ending in {' or '.join(suffixes)}.",
            remedy="restore the folder from the repository, or point the connection at the right project",
        )
    return tuple(read_source_file(path, relative_to=relative_to) for path in paths)
