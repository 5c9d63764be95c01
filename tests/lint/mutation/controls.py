"""The clean files that are broken on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from staging_validation.documents import read_document
from staging_validation.lint.collecting import QueryCollector
from staging_validation.lint.context import AlertsFile, DashboardFile
from staging_validation.lint.knowledge import from_exposition
from staging_validation.project import include_dir
from staging_validation.promql.known import KnownMetrics
from staging_validation.source_files import SourceFile
from tests.dashboards.formats import to_v1, to_v2
from tests.lint.mutation.mutant import Control, as_text
from tests.lint.support import catalogue

FOLDER = Path(__file__).parent / "clean"


PUBLIC = Path(__file__).parents[1] / "precision"
"""Dashboards and alerts in the style of public ones, whose metrics are learned from expositions."""

_PUBLIC_TAGS = {
    "node_exporter": "classic",
    "kubernetes": "v1",
    "postgres": "classic",
    "rabbitmq": "v2",
    "http_service": "classic",
}


@cache
def controls() -> tuple[Control, ...]:
    """Return the clean files: those that are shipped, in three formats, and some that use what those do not."""
    return (*_of_billing(), *_of_others())


def _of_billing() -> Iterator[Control]:
    shipped = _json(include_dir("dashboards") / "billing-metrics.json")
    yield control("shipped.json", shipped, "classic", "shipped")
    yield control("shipped-v1.json", to_v1(shipped), "v1", "shipped")
    yield control("shipped-v2.json", to_v2(shipped), "v2", "shipped")
    yield control("operations.json", _json(FOLDER / "operations.json"), "classic")
    yield control("checkout.json", _json(FOLDER / "checkout.json"), "v2")
    yield control("shipped.yaml", _yaml(include_dir("alerts") / "billing.yaml"), "rules", "shipped")
    yield control("direct.yaml", _yaml(FOLDER / "direct.yaml"), "rules")


def _of_others() -> Iterator[Control]:
    for name, tag in _PUBLIC_TAGS.items():
        yield control(f"{name}.json", _json(PUBLIC / f"{name}.json"), tag, learned_from=(name,))
    alerts = _yaml(PUBLIC / "alerts.yaml")
    yield control("public.yaml", alerts, "rules", learned_from=tuple(_PUBLIC_TAGS))


def control(name: str, document: Any, *tags: str, learned_from: tuple[str, ...] = ()) -> Control:
    """Make a control of a document.

    Args:
        name: Its file name.
        document: Its content.
        tags: What it is.
        learned_from: The expositions that its metrics are learned from; those of the shipped catalogue by default.
    """
    texts = [(PUBLIC / f"{name}.prom").read_text(encoding="utf-8") for name in learned_from]
    known = from_exposition("\n".join(texts)) if texts else catalogue()
    return Control(
        name, document, read(SourceFile(name, as_text(document)), known), frozenset(tags), known, bool(texts)
    )


def read(file: SourceFile, known: KnownMetrics) -> DashboardFile | AlertsFile:
    """Read a file as the engine does."""
    collector = QueryCollector(known)
    if file.path.endswith(".yaml"):
        from staging_validation.alerts.reading import read_rules

        rules = read_rules(file)
        return AlertsFile(file, rules, tuple(collector.rule_queries(rules)))
    from staging_validation.dashboards.reading import read_dashboard

    reading = read_dashboard(file)
    assert reading.dashboard is not None, file.path
    return DashboardFile(file, reading, tuple(collector.dashboard_queries(reading.dashboard)))


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _yaml(path: Path) -> Any:
    document = read_document(SourceFile(path.name, path.read_text(encoding="utf-8")))
    return json.loads(json.dumps(document.content))
