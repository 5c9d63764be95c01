"""The reference page is the catalogue's, and what it shows holds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from staging_validation import cli
from staging_validation.source_files import SourceFile
from staging_validation.telemetry import parse_catalogue
from staging_validation.telemetry.page import RENEW, catalogue_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "telemetry.md"


def test_the_page_is_not_stale(catalogue):
    assert PAGE.read_text(encoding="utf-8") == catalogue_page(catalogue), f"run: {RENEW}"


def test_the_command_prints_the_page_and_writes_it(catalogue, capsys, tmp_path):
    assert cli.main(["catalogue"]) == 0
    assert capsys.readouterr().out == catalogue_page(catalogue)
    written = tmp_path / "telemetry.md"
    assert cli.main(["catalogue", "--write", str(written)]) == 0
    assert written.read_text(encoding="utf-8") == catalogue_page(catalogue)
    assert capsys.readouterr().out == f"Wrote {written}.\n"


def test_the_command_writes_the_schema_too(capsys):
    assert cli.main(["catalogue", "--schema"]) == 0
    assert '"title": "CatalogueFile"' in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_told(capsys, tmp_path):
    assert cli.main(["catalogue", "--write", str(tmp_path / "nowhere" / "page.md")]) == 2
    assert "page.md cannot be written: No such file or directory" in capsys.readouterr().err


def test_a_catalogue_that_cannot_be_used_is_told_with_file_and_line(capsys, tmp_path, monkeypatch):
    folder = tmp_path / "include" / "telemetry"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text("metrics:\n  - {name: Bad}\n", encoding="utf-8")
    monkeypatch.setenv("STAGING_VALIDATION_HOME", str(tmp_path))
    assert cli.main(["catalogue"]) == 2
    assert "include/telemetry/broken.yaml:2: metrics.0.name: string should match" in capsys.readouterr().err


def test_everything_of_the_catalogue_is_on_the_page(catalogue):
    lines = PAGE.read_text(encoding="utf-8").splitlines()

    def row(start: str) -> str:
        (line,) = [line for line in lines if line.startswith(f"| {start} |")]
        return line

    for name, event in catalogue.events.items():
        shown = row(f"`{catalogue.event_names[name]}`")
        assert all(part in shown for part in (event.help, *event.labels, *event.measurements))
    for metric in catalogue.metrics.values():
        shown = row(f"`{metric.name}` | {metric.help}")
        assert metric.unit.value in shown
        assert ("| seed |" in shown) is metric.seed
        assert all(f"{bound:g}" in shown for bound in metric.buckets)
    for name, known in catalogue.values.items():
        assert all(f"`{value}`" in row(name) for value in known.values)
    for number in range(1, 11):
        assert any(line.startswith(f"| {number} ") for line in lines)


def test_the_pages_example_is_a_file_that_adds_a_metric(catalogue_file):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    extended = parse_catalogue([catalogue_file, SourceFile("example.yaml", example)])
    assert len(extended.metrics) == 21
    assert "21 metrics" in catalogue_page(extended)


@pytest.mark.parametrize("parts", ["no panel", "no gauge"])
def test_a_catalogue_without_a_part_has_a_page_without_it(catalogue, parts):
    kept = {
        "no panel": ("rsolv_billing_stripe_webhook_received_total",),
        "no gauge": tuple(name for name, metric in catalogue.metrics.items() if metric.event),
    }[parts]
    reduced = replace(
        catalogue, metrics={name: catalogue.metrics[name] for name in kept}, synthetic_gauges=()
    )
    page = catalogue_page(reduced)
    assert ("## What the panels must show" in page) is (parts == "no gauge")
    assert "### Gauges" not in page
    assert "\n\n\n" not in page
