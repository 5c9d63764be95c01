"""Files on path-like storage: a :class:`pathlib.Path`, or an Airflow ``ObjectStoragePath`` (S3, GCS, …).

Only ``/``, ``mkdir``, ``iterdir``, ``read_text`` and ``write_text`` of a path are used. An object store shows an object
only when it is complete; on a local disk that takes a second file and a rename.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any


def write_whole(path: Any, text: str) -> None:
    """Write a file so that it is there whole or not at all, also when the writer is killed.

    Args:
        path: The file; its folder exists.
        text: Its content.

    Raises:
        OSError: It cannot be written; what was begun is removed.
    """
    local = _local(path)
    if local is None:
        path.write_text(text)
        return
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=local.parent, prefix=f".{local.name}.", delete=False
    ) as temporary:
        temporary.write(text)
    unfinished = Path(temporary.name)
    try:
        unfinished.chmod(0o644)
        unfinished.replace(local)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _local(path: Any) -> Path | None:
    """Return a path of this machine as such; None for an object store, whose writes are whole anyway."""
    if isinstance(path, Path):
        return path
    return Path(path.path) if getattr(path, "protocol", None) in ("file", "local") else None
