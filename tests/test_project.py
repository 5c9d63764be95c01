from __future__ import annotations

from pathlib import Path

import pytest

from staging_validation.errors import ConfigurationError
from staging_validation.project import HOME_VARIABLE, include_dir, project_root


@pytest.fixture(autouse=True)
def no_home(monkeypatch):
    monkeypatch.delenv(HOME_VARIABLE, raising=False)


def test_the_checkout_is_found():
    assert project_root() == Path(__file__).resolve().parents[1]
    assert include_dir("fixtures", "customers").is_dir()


def test_another_project_may_be_named(tmp_path, monkeypatch):
    (tmp_path / "include").mkdir()
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    assert include_dir("x") == tmp_path / "include" / "x"


def test_a_folder_without_include_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"holds no include/ folder") as raised:
        project_root()
    assert HOME_VARIABLE in raised.value.remedy
