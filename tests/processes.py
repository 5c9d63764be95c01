"""Processes that tests start."""

from __future__ import annotations

import os


def untraced() -> dict[str, str]:
    """Return the environment for a process that is not traced for coverage.

    Traced, Airflow and the servers take twice the time; what they run is covered by the tests of their own packages.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
