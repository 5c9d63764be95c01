"""What was told is kept beside the runs, whole or not at all."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from staging_validation.clients.notification_memory import FILE, NotificationMemory
from staging_validation.errors import ConfigurationError
from staging_validation.notifications import Event, Memory
from staging_validation.results import Outcome


@pytest.fixture(params=["disk", "object store"])
def folder(request, tmp_path):
    if request.param == "disk":
        return tmp_path / "results" / "staging_nightly"
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(f"memory://bucket/{tmp_path.name}/staging_nightly")


def test_it_is_kept_and_read_again(folder):
    store = NotificationMemory(folder)
    assert store.load() == Memory()
    at = datetime(2026, 11, 24, tzinfo=timezone.utc)
    memory = Memory().told("r", Event.NOT_GREEN, "email", outcome=Outcome.FAILED, at=at, delivered=True)
    store.save(memory)
    assert store.load() == memory
    assert [path.name for path in folder.iterdir()] == [FILE]


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema_version": 2}', b'{"attempts": 3}', b"\xff"])
def test_what_cannot_be_read_is_told_with_a_remedy(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        NotificationMemory(tmp_path).load()
    assert "delete the file" in str(caught.value.remedy)


def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        NotificationMemory(tmp_path / "file").save(Memory())
