from __future__ import annotations

import pytest

from staging_validation.clients.source_files import read_source_file, read_source_files
from staging_validation.errors import ConfigurationError
from staging_validation.source_files import SourceFile


def test_files_are_read_in_the_order_of_their_names(tmp_path):
    for name in ("b.yaml", "a.yaml", "c.yml", "d.txt"):
        (tmp_path / name).write_text(f"ü {name}", encoding="utf-8")
    (tmp_path / "below.yaml").mkdir()
    found = read_source_files(tmp_path, ".yaml", ".yml", relative_to=tmp_path.parent)
    assert found == tuple(
        SourceFile(f"{tmp_path.name}/{name}", f"ü {name}") for name in ("a.yaml", "b.yaml", "c.yml")
    )


def test_without_a_folder_above_the_whole_path_is_shown(tmp_path):
    (tmp_path / "a.yaml").write_text("x")
    assert read_source_files(tmp_path, ".yaml")[0].path == str(tmp_path / "a.yaml")


def test_a_folder_without_such_files_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match=r"holds no file ending in \.yaml or \.yml"):
        read_source_files(tmp_path, ".yaml", ".yml")
    with pytest.raises(ConfigurationError, match="does not exist, so there is no file"):
        read_source_files(tmp_path / "none", ".yaml")


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match=r"^none.yaml cannot be read: No such file"):
        read_source_file(tmp_path / "none.yaml", relative_to=tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"ab\xff")
    with pytest.raises(ConfigurationError, match=r"binary.yaml is no UTF-8 text \(byte 2\)") as raised:
        read_source_file(tmp_path / "binary.yaml")
    assert raised.value.remedy == "save the file as UTF-8"
