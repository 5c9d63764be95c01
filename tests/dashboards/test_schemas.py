"""The shipped schemas: well formed, the quick pass agrees with ``jsonschema``, and faults are named at their places."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from staging_validation.dashboards.reading import read_dashboard
from staging_validation.dashboards.schema_accept import compile_schema
from staging_validation.dashboards.schema_check import (
    MOST_FAULTS,
    Schema,
    _acceptor,
    _validator,
    schema_faults,
    schema_text,
)
from staging_validation.source_files import SourceFile
from tests.dashboards.formats import to_v1, to_v2
from tests.dashboards.mutations import mutated
from tests.dashboards.test_reading_formats import RICH

FORMATS = {Schema.CLASSIC: dict, Schema.V1: to_v1, Schema.V2: to_v2}


@pytest.mark.parametrize("schema", list(Schema))
def test_every_schema_is_a_schema(schema):
    Draft202012Validator.check_schema(json.loads(schema_text(schema)))


@pytest.mark.parametrize(("schema", "rewrite"), FORMATS.items())
def test_clean_dashboards_have_no_faults(shipped_file, schema, rewrite):
    for content in (json.loads(shipped_file.text), RICH):
        assert schema_faults(schema, rewrite(content)) == []


@pytest.mark.parametrize(("schema", "rewrite"), FORMATS.items())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_quick_pass_agrees_with_jsonschema(schema, rewrite, data):
    content = mutated(rewrite(RICH), data)
    assert _acceptor(schema)(content) is _validator(schema).is_valid(content)
    assert bool(schema_faults(schema, content)) is not _acceptor(schema)(content)


def test_the_quick_pass_refuses_words_that_it_does_not_know():
    with pytest.raises(ValueError, match="'pattern'"):
        compile_schema("x", lambda _: {"pattern": "a"})


def faults(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    reading = read_dashboard(SourceFile("x.json", json.dumps(content)))
    return [(problem.pointer, problem.message, problem.remedy) for problem in reading.problems]


@pytest.mark.parametrize(
    ("rewrite", "pointer", "value", "message"),
    [
        (dict, "/tags", {}, "`/tags` must be a list, not an object."),
        (dict, "/schemaVersion", "41", '`/schemaVersion` must be a whole number, not "41".'),
        (dict, "/panels/2/gridPos/w", "wide", '`/panels/2/gridPos/w` must be a number, not "wide".'),
        (
            dict,
            "/panels/0/panels/0/targets/0/expr",
            5,
            "`/panels/0/panels/0/targets/0/expr` must be a text, not 5.",
        ),
        (
            dict,
            "/panels/2/targets/0/hide",
            "no",
            '`/panels/2/targets/0/hide` must be true or false, not "no".',
        ),
        (dict, "/panels/2/datasource", 7, "`/panels/2/datasource` must be an object or a text, not 7."),
        (to_v1, "/metadata", [], "`/metadata` must be an object, not a list."),
        (to_v2, "/spec/cursorSync", "On", "must be 'Off', 'Crosshair' or 'Tooltip', not \"On\"."),
        (
            to_v2,
            "/spec/elements/panel-4/kind",
            "Pannel",
            "must be 'Panel' or 'LibraryPanel', not \"Pannel\".",
        ),
        (
            to_v2,
            "/spec/elements/panel-4/spec/data/spec/queries/0/spec/query/datasource",
            "prometheus",
            'must be an object, not "prometheus".',
        ),
        (
            to_v2,
            "/spec/layout/kind",
            "Grid",
            "must be 'GridLayout', 'AutoGridLayout', 'RowsLayout' or 'TabsLayout'",
        ),
    ],
)
def test_a_wrong_value_is_one_fault_at_its_place(rewrite, pointer, value, message):
    content = rewrite(copy.deepcopy(RICH))
    _put(content, pointer, value)
    ((found, text, _),) = faults(content)
    assert found == pointer
    assert message in text


def test_what_is_missing_or_unknown_is_named():
    content = to_v2(RICH)
    panel = content["spec"]["elements"]["panel-4"]["spec"]
    del panel["vizConfig"]["group"]
    panel["descripton"] = "x"
    del content["spec"]["layout"]
    base = "/spec/elements/panel-4/spec"
    assert faults(content) == [
        ("/spec", "`/spec` lacks 'layout'.", "add 'layout', or export the dashboard again"),
        (f"{base}/descripton", f"`{base}` has no field 'descripton'.", "write 'description'"),
        (
            f"{base}/vizConfig",
            f"`{base}/vizConfig` lacks 'group'.",
            "add 'group', or export the dashboard again",
        ),
    ]


def test_a_file_full_of_faults_names_the_first_ones():
    content = {**RICH, "panels": [{"id": str(number)} for number in range(50)]}
    assert len(schema_faults(Schema.CLASSIC, content)) == MOST_FAULTS


def test_both_forms_of_a_transformation_are_known():
    content = to_v2(RICH)
    steps = content["spec"]["elements"]["panel-4"]["spec"]["data"]["spec"]["transformations"]
    steps.append({"kind": "organize", "spec": {"id": "organize", "options": {}}})
    assert faults(content) == []
    steps[1]["kind"] = "Transformation"
    place = "/spec/elements/panel-4/spec/data/spec/transformations/1"
    assert faults(content)[0] == (
        place, f"`{place}` lacks 'group'.", "add 'group', or export the dashboard again",
    )  # fmt: skip


def test_a_preview_of_version_2_is_read_but_not_held_against_the_schema():
    content = to_v2(RICH)
    content["apiVersion"] = "dashboard.grafana.app/v2alpha1"
    content["spec"]["elements"]["panel-4"]["spec"]["unknown"] = 1
    assert faults(content) == []


def _put(content: Any, pointer: str, value: Any) -> None:
    *path, last = pointer.split("/")[1:]
    for part in path:
        content = content[int(part)] if isinstance(content, list) else content[part]
    content[last] = value
