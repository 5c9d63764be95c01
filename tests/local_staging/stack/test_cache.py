from __future__ import annotations

import threading
from pathlib import Path

import pytest

from local_staging.stack.cache import default_cache_dir, install_once


def test_the_cache_is_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache_dir({}) == tmp_path / ".cache" / "staging-validation"
    assert default_cache_dir({"XDG_CACHE_HOME": "/var/x"}) == Path("/var/x/staging-validation")
    assert default_cache_dir({"STAGING_VALIDATION_CACHE": str(tmp_path / "c"), "XDG_CACHE_HOME": "/x"}) == (
        tmp_path / "c"
    )


def test_a_folder_is_filled_once_by_many(cache_dir: Path) -> None:
    filled: list[Path] = []

    def fill(folder: Path) -> None:
        filled.append(folder)
        (folder / "program").write_text("x")

    def install() -> None:
        install_once(cache_dir / "tool", fill)

    threads = [threading.Thread(target=install) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(filled) == 1
    assert (cache_dir / "tool" / "program").read_text() == "x"


def test_a_failure_leaves_nothing_half_done(cache_dir: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        install_once(cache_dir / "tool", fill)
    assert [path.name for path in cache_dir.iterdir()] == [".tool.lock"]
