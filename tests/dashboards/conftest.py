"""Dashboards for the tests: small ones built in place, and the one that the project ships."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from staging_validation.clients.source_files import read_source_file
from staging_validation.dashboards import Dashboard, parse_dashboard
from staging_validation.project import include_dir
from staging_validation.source_files import SourceFile

PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}


@pytest.fixture(scope="session")
def shipped_file() -> SourceFile:
    file = include_dir("dashboards", "billing-metrics.json")
    return read_source_file(file, relative_to=include_dir().parent)


@pytest.fixture(scope="session")
def shipped(shipped_file) -> Dashboard:
    return parse_dashboard(shipped_file)


def target(expr: str, **fields: Any) -> dict[str, Any]:
    return {"refId": "A", "expr": expr, "datasource": PROMETHEUS, **fields}


def panel(*targets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": 1, "title": "Sales", "type": "stat", "targets": list(targets), **fields}


@pytest.fixture
def build() -> Callable[..., Dashboard]:
    """Builds a dashboard out of panels (or expressions) and variables."""

    def make(
        *panels: dict[str, Any] | str, variables: list[dict[str, Any]] | None = None, **fields: Any
    ) -> Dashboard:
        content = {
            "uid": "shop",
            "title": "Shop",
            "panels": [panel(target(entry)) if isinstance(entry, str) else entry for entry in panels],
            "templating": {"list": variables or []},
            **fields,
        }
        return parse_dashboard(SourceFile("shop.json", json.dumps(content)))

    return make


@pytest.fixture
def make_panel() -> Callable[..., dict[str, Any]]:
    return panel


@pytest.fixture
def make_target() -> Callable[..., dict[str, Any]]:
    return target
