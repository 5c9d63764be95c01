"""Well-made dashboards in the style of public ones come out clean, whether their metrics are known or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from staging_validation.dashboards.envelope import Envelope
from staging_validation.dashboards.reading import read_dashboard
from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.finding import Severity
from staging_validation.lint.knowledge import from_exposition
from staging_validation.promql.known import KnownMetrics
from staging_validation.source_files import SourceFile
from tests.dashboards.formats import to_v1, to_v2

FOLDER = Path(__file__).parent
NAMES = {
    "node_exporter": Envelope.CLASSIC,
    "kubernetes": Envelope.V1,
    "postgres": Envelope.CLASSIC,
    "rabbitmq": Envelope.V2,
    "http_service": Envelope.CLASSIC,
}
"""The dashboards, in the formats that people keep them in."""

each_dashboard = pytest.mark.parametrize("name", NAMES)
REWRITES = {"classic": dict, "version 1": to_v1, "version 2": to_v2}


def dashboard_file(name: str, suffix: str = ".json") -> SourceFile:
    return SourceFile(f"{name}{suffix}", (FOLDER / f"{name}{suffix}").read_text(encoding="utf-8"))


def learned(*names: str) -> KnownMetrics:
    texts = [(FOLDER / f"{name}.prom").read_text(encoding="utf-8") for name in names]
    return from_exposition("\n".join(texts))


def weighty(file: SourceFile, known: KnownMetrics | None) -> list[str]:
    found = lint([file], Settings(known)).findings
    return [
        f"{one.rule} at {one.pointer}: {one.message}" for one in found if one.severity is not Severity.INFO
    ]


@each_dashboard
def test_no_false_error_or_warning(name):
    assert weighty(dashboard_file(name), learned(name)) == []


@each_dashboard
def test_none_without_known_metrics_either(name):
    assert weighty(dashboard_file(name), None) == []


@pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)
@pytest.mark.parametrize("name", [name for name, envelope in NAMES.items() if envelope is Envelope.CLASSIC])
def test_none_in_any_format(name, rewrite):
    content = json.loads(dashboard_file(name).text)
    listed = content["templating"]["list"]
    listed[:] = [variable for variable in listed if variable["type"] != "adhoc"]  # the rewriters know none
    content = rewrite(content)
    assert weighty(SourceFile("rewritten.json", json.dumps(content)), learned(name)) == []


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_no_false_error_or_warning_in_alerts(known):
    assert weighty(dashboard_file("alerts", ".yaml"), learned(*NAMES) if known else None) == []


@each_dashboard
def test_a_dashboard_is_worth_its_name(name):
    reading = read_dashboard(dashboard_file(name))
    assert (reading.problems, reading.envelope) == ((), NAMES[name])
    assert reading.dashboard is not None
    assert len(reading.dashboard.panels) >= 10


@each_dashboard
def test_a_planted_defect_is_still_found(name):
    file = dashboard_file(name)
    metric = next(iter(learned(name)))
    broken = SourceFile(file.path, file.text.replace(metric, f"{metric}_gone"))
    assert json.loads(broken.text)
    assert {one.rule for one in lint([broken], Settings(learned(name))).findings} & {
        "unknown-metric", "variable-query", "histogram-without-suffix",
    }  # fmt: skip
