"""No file breaks the reader: whatever it holds, there is a dashboard, or problems with places, never a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staging_validation.dashboards import expand_statically, expand_target, parse_dashboard
from staging_validation.dashboards.reading import read_dashboard
from staging_validation.errors import StagingValidationError
from staging_validation.source_files import SourceFile
from tests.dashboards.formats import to_bare_v2, to_v1, to_v2, to_wrapped
from tests.dashboards.mutations import mutated
from tests.dashboards.test_reading_formats import RICH

KEYS = st.sampled_from(
    [
        "panels",
        "title",
        "uid",
        "spec",
        "kind",
        "apiVersion",
        "elements",
        "layout",
        "dashboard",
        "model",
        "targets",
    ]
) | st.text(max_size=4)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.just("dashboard.grafana.app/v2"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


def handled(text: str) -> None:
    """Do with a text everything that is done with dashboard files."""
    reading = read_dashboard(SourceFile("x.json", text))
    lines = text.split("\n")
    for problem in reading.problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.message.endswith(".")
        problem.message.encode()
    if reading.dashboard is None:
        assert reading.problems
        return
    for panel in reading.dashboard.panels:
        reading.position(panel.pointer)
        for target in panel.targets:
            expand_statically(target.expr, reading.dashboard, panel, target)
            attempted(lambda t=target, p=panel: expand_target(t, p, reading.dashboard))
    attempted(lambda: parse_dashboard(SourceFile("x.json", text)))


def attempted(action: Any) -> None:
    try:
        action()
    except StagingValidationError as error:
        str(error).encode()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60) | JSON.map(json.dumps))
def test_any_text(text):
    handled(text)


@pytest.mark.parametrize("rewrite", [dict, to_wrapped, to_v1, to_v2, to_bare_v2])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_changed_dashboards(rewrite, data):
    handled(json.dumps(mutated(rewrite(RICH), data)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_cut_and_spliced_files(data):
    text = json.dumps(RICH, indent=1)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    handled(text[:start] + data.draw(st.text(max_size=4)) + text[end:])


@pytest.mark.parametrize("title", ["t", 5])
def test_the_deepest_files_are_read(title):
    """Just below the limit of nesting, right or wrong, nothing runs out of stack."""
    panel: Any = {"type": "row", "title": title, "panels": []}
    layout: Any = {"kind": "GridLayout", "spec": {"items": [] if title == "t" else 5}}
    for _ in range(46):
        panel = {"type": "row", "panels": [panel]}
    for _ in range(18):
        tab = {"kind": "TabsLayoutTab", "spec": {"layout": layout}}
        layout = {"kind": "TabsLayout", "spec": {"tabs": [tab]}}
    for content in ({**RICH, "panels": [panel]}, {"title": "A", "elements": {}, "layout": layout}):
        reading = read_dashboard(SourceFile("x.json", json.dumps(content)))
        assert reading.dashboard is not None
        assert len(reading.problems) == (title != "t")


def test_a_file_full_of_mistakes_names_the_first_ones():
    text = '{"title": "A", "panels": [' + ", ".join('{"id": 1, "id": NaN}' for _ in range(5000)) + "]}"
    assert 0 < len(read_dashboard(SourceFile("x.json", text)).problems) <= 75
