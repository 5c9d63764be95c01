"""Report files appear whole or not at all, on local folders and on object stores."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from staging_validation.clients.report_files import write_report
from staging_validation.errors import ConfigurationError
from staging_validation.results import CheckResult, Kind, Outcome, RunResults

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


@pytest.fixture
def run() -> RunResults:
    result = CheckResult(id="guard.marker", kind=Kind.GUARD, subject="Marker", outcome=Outcome.PASSED)
    return RunResults.gather("run-1", [result], started_at=NOW, finished_at=NOW)


class _ObjectPath:
    """The few methods of an object store's path that a report may use."""

    def __init__(self, path: str, store: dict[str, str], protocol: str = "s3") -> None:
        self.path, self.store, self.protocol = path, store, protocol

    def __truediv__(self, name: str) -> _ObjectPath:
        return _ObjectPath(f"{self.path}/{name}", self.store, self.protocol)

    def mkdir(self, *, parents: bool, exist_ok: bool) -> None:
        Path(self.path).mkdir(parents=parents, exist_ok=exist_ok) if self.protocol == "file" else None

    def write_text(self, text: str) -> None:
        self.store[self.path] = text


def test_page_and_data_are_written(run, tmp_path):
    page = write_report(run, tmp_path / "a" / "run-1")
    assert page == tmp_path / "a" / "run-1" / "index.html"
    assert "run-1" in page.read_text(encoding="utf-8")
    assert RunResults.model_validate_json((page.parent / "results.json").read_text()) == run
    assert sorted(path.name for path in page.parent.iterdir()) == ["index.html", "results.json"]
    assert page.stat().st_mode & 0o777 == 0o644


def test_a_second_report_replaces_the_first(run, tmp_path):
    write_report(run, tmp_path, title="First")
    page = write_report(run, tmp_path, title="Second")
    assert "First" not in page.read_text()


def test_an_object_store_is_written_to_through_its_path(run):
    store: dict[str, str] = {}
    page = write_report(run, _ObjectPath("bucket/run-1", store))
    assert page.path == "bucket/run-1/index.html"
    assert json.loads(store["bucket/run-1/results.json"])["run_id"] == "run-1"


def test_an_object_store_path_of_this_machine_is_replaced_in_one_step(run, tmp_path):
    store: dict[str, str] = {}
    write_report(run, _ObjectPath(str(tmp_path), store, protocol="file"))
    assert (tmp_path / "index.html").exists()
    assert not store


def test_a_full_disk_leaves_the_former_report_and_no_rest(run, tmp_path, monkeypatch):
    write_report(run, tmp_path, title="First")

    def no_space(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(ConfigurationError, match=r"cannot be written to .*: No space left on device"):
        write_report(run, tmp_path, title="Second")
    assert "First" in (tmp_path / "index.html").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "results.json"]


def test_a_file_in_the_way_is_named(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"The report cannot be written to .*/file"):
        write_report(run, tmp_path / "file")
