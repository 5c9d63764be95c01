"""The project's cache of programs: filled once, shared by all clones of one user."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

CACHE_VARIABLE = "STAGING_VALIDATION_CACHE"
"""Environment variable that names another cache folder."""


def default_cache_dir(environ: Mapping[str, str]) -> Path:
    """Return the cache folder: ``$STAGING_VALIDATION_CACHE``, else the user's cache (XDG Base Directory)."""
    configured = environ.get(CACHE_VARIABLE)
    if configured:
        return Path(configured).expanduser().resolve()
    base = environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "staging-validation"


def install_once(target: Path, fill: Callable[[Path], None]) -> Path:
    """Fill a folder of the cache unless it is there already.

    Safe against a second process (a file lock) and against being killed half-way: the folder appears by one
    rename, filled.

    Args:
        target: The folder.
        fill: Fills the empty folder it is given.

    Returns:
        The folder.
    """
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return target
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            fill(unfinished)
            os.replace(unfinished, target)  # noqa: PTH105 - the atomic rename is the point
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return target
