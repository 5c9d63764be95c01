"""Finds and reads the files that a check of dashboards and rules looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from staging_validation.errors import ConfigurationError
from staging_validation.lint.config import CONFIG_NAME
from staging_validation.lint.context import UnreadableFile
from staging_validation.lint.engine import DASHBOARD_SUFFIX, RULE_FILE_SUFFIXES
from staging_validation.source_files import SourceFile

_SUFFIXES = (DASHBOARD_SUFFIX, *RULE_FILE_SUFFIXES)
_NO_CONTENT = (".schema.json",)
"""Endings of files that lie beside dashboards and describe them."""

_MOST_BYTES = 64 * 1024 * 1024


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files that paths stand for.

    Args:
        paths: Files, and folders; below a folder every ``.json``, ``.yaml`` and ``.yml`` counts, but nothing below
            a folder whose name begins with a dot.

    Returns:
        The files, each once, by name; at least one.

    Raises:
        ConfigurationError: A path does not exist, a file is of another kind, or there is nothing to check.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"{path} does not exist.", remedy="name files or folders that do")
        if path.is_file() and path.suffix not in _SUFFIXES:
            raise ConfigurationError(
                f"{path} is neither a dashboard (.json) nor a rule file (.yaml, .yml).",
                remedy="give the file the ending of what it holds",
            )
        found.update(dict.fromkeys(_below(path) if path.is_dir() else [path]))
    if not found:
        shown = ", ".join(map(str, paths))
        raise ConfigurationError(
            f"{shown} holds no file ending in {', '.join(_SUFFIXES)}, so nothing would be checked.",
            remedy="name the folder of your dashboards or rules",
        )
    return sorted(found)


def read_files(
    paths: Sequence[Path], *, relative_to: Path | None = None
) -> tuple[list[SourceFile], list[UnreadableFile]]:
    """Read files as UTF-8; one that cannot be read does not keep the others from being checked.

    Args:
        paths: The files.
        relative_to: A folder above all of them; findings name the files relative to it.

    Returns:
        The files, and those that cannot be read.
    """
    files: list[SourceFile] = []
    unreadable: list[UnreadableFile] = []
    for path in paths:
        shown = str(path.relative_to(relative_to) if relative_to else path)
        try:
            size = path.stat().st_size
            if size > _MOST_BYTES:
                unreadable.append(UnreadableFile(shown, f"The file has {size} bytes.", "split it"))
                continue
            files.append(SourceFile(shown, path.read_bytes().decode("utf-8")))
        except OSError as error:
            message = f"The file cannot be read: {error.strerror}."
            unreadable.append(UnreadableFile(shown, message, "let the file be read"))
        except UnicodeDecodeError as error:
            message = f"The file is no UTF-8 text (byte {error.start})."
            unreadable.append(UnreadableFile(shown, message, "save the file as UTF-8"))
    return files, unreadable


def find_config(paths: Sequence[Path]) -> Path | None:
    """Return the nearest configuration, from the first path upwards; None where there is none."""
    for path in paths[:1]:
        start = path.resolve()
        for folder in (start, *start.parents):
            candidate = folder / CONFIG_NAME
            if candidate.is_file():
                return candidate
    return None


def _below(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(entry)
        elif entry.suffix in _SUFFIXES and not entry.name.endswith(_NO_CONTENT):
            yield entry
