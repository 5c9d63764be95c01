"""Keeps what has been told of a DAG's runs: ``notified.json`` beside the folders of its runs."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from staging_validation.clients.storage import write_whole
from staging_validation.errors import ConfigurationError
from staging_validation.notifications.memory import Memory

FILE = "notified.json"


class NotificationMemory:
    """The memory of one DAG.

    Args:
        folder: The folder with the folders of the DAG's runs (see :mod:`staging_validation.clients.storage`).
    """

    def __init__(self, folder: Any) -> None:
        self._folder = folder

    def load(self) -> Memory:
        """Return what has been told; nothing where there is no file yet.

        Raises:
            ConfigurationError: The file cannot be read.
        """
        path = self._folder / FILE
        try:
            return Memory.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Memory()
        except (OSError, ValidationError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"What was told of earlier runs cannot be read from {path} ({type(error).__name__}).",
                remedy="delete the file: then the next run that is not green is told as if it were the first",
            ) from error

    def save(self, memory: Memory) -> None:
        """Keep what has been told, whole or not at all.

        Raises:
            ConfigurationError: It cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / FILE, memory.model_dump_json(indent=1) + "\n")
        except OSError as error:
            raise ConfigurationError(
                f"What has been told cannot be kept in {self._folder / FILE}: {error.strerror or error}.",
                remedy="name a folder that this user may write to and that has space left",
            ) from error
