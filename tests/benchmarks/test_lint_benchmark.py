"""The benchmark of ``lint`` at a small size: what it measures is right; how long it takes is not judged here."""

from __future__ import annotations

import json

from benchmarks import lint
from benchmarks.lint_dashboards import write_dashboards
from staging_validation.clients.lint_files import find_files, read_files
from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint as check
from tests.lint.support import catalogue


def test_the_dashboards_are_checked_to_the_last_query_and_hold_promql(tmp_path):
    queries = write_dashboards(tmp_path, 3)
    files, _ = read_files(find_files([tmp_path]))
    result = check(files, Settings(catalogue()))
    variables = sum(file.text.count("label_values") for file in files)
    assert (result.dashboards, result.queries) == (3, queries + variables)
    assert not [finding for finding in result.findings if finding.rule in ("query-syntax", "file-schema")]


def test_the_dashboards_are_the_same_every_time_and_differ_from_each_other(tmp_path):
    write_dashboards(tmp_path / "a", 2)
    write_dashboards(tmp_path / "b", 2)
    first, second = sorted((tmp_path / "a").iterdir())
    assert first.read_text() == (tmp_path / "b" / first.name).read_text()
    assert json.loads(first.read_text())["panels"] != json.loads(second.read_text())["panels"]


def test_every_figure_is_there():
    figures = lint.measure(lint.Sizes((1, 2), 1), say=lambda _text: None)
    assert [figure.budget for figure in figures] == [None, None, 1.5, 200.0, 1.15]
    assert all(figure.value > 0 for figure in figures[:-1])
