"""Reads what a reset needs from the project's files."""

from __future__ import annotations

from staging_validation.clients.source_files import read_source_file, read_source_files
from staging_validation.fixtures import CustomerState, DeclaredTable, parse_states, parse_tables
from staging_validation.project import include_dir, project_root


def read_customer_states() -> tuple[CustomerState, ...]:
    """Read the states of ``include/fixtures/customers/``.

    Raises:
        ConfigurationError: The folder is missing or empty.
        FixtureError: A state is wrong.
    """
    folder = include_dir("fixtures", "customers")
    return parse_states(read_source_files(folder, ".yaml", relative_to=project_root()))


def read_declared_tables() -> tuple[DeclaredTable, ...]:
    """Read the tables of ``include/fixtures/tables.yaml``.

    Raises:
        ConfigurationError: The file is missing.
        FixtureError: It is wrong.
    """
    return parse_tables(read_source_file(include_dir("fixtures", "tables.yaml"), relative_to=project_root()))
