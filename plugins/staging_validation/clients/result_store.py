"""Keeps the results of each task of a run until the report gathers them.

One JSON file a task, below one folder a run. Where tasks do not share a disk, the folder is on an object store
(see :mod:`staging_validation.clients.storage`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from staging_validation.clients.storage import write_whole
from staging_validation.results.model import CheckResult

_RESULTS = TypeAdapter(list[CheckResult])


class ResultStore:
    """The results of one run.

    Args:
        folder: The run's folder: a :class:`pathlib.Path` or anything with its methods.
    """

    def __init__(self, folder: Any) -> None:
        self.folder = folder

    def save(self, task: str, results: Iterable[CheckResult]) -> None:
        """Keep a task's results; a later try of the same task replaces those of the former.

        Args:
            task: The task's id, with ``__<index>`` when it is mapped.
            results: What it found.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / f"{task}.json", _RESULTS.dump_json(list(results), indent=1).decode())

    def load(self) -> dict[str, list[CheckResult]]:
        """Return all kept results by task, in no particular order; empty when there are none."""
        if not self.folder.exists():
            return {}
        files = [path for path in self.folder.iterdir() if path.name.endswith(".json")]
        return {
            path.name.removesuffix(".json"): _RESULTS.validate_json(path.read_text(encoding="utf-8"))
            for path in files
        }
