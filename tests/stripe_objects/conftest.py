from __future__ import annotations

from pathlib import Path

import pytest

from staging_validation.clients.source_files import read_source_files
from staging_validation.fixtures import CustomerState, parse_states
from staging_validation.project import include_dir


@pytest.fixture(scope="session")
def all_states() -> tuple[CustomerState, ...]:
    """The states that the project ships."""
    folder = include_dir("fixtures", "customers")
    return parse_states(read_source_files(folder, ".yaml", relative_to=Path(include_dir()).parent))
