from __future__ import annotations

import os

import pytest

from tests.processes import untraced


@pytest.fixture(autouse=True)
def children_are_not_traced(monkeypatch):
    """What they run of the package is covered by its own tests."""
    for name in os.environ.keys() - untraced().keys():
        monkeypatch.delenv(name)
