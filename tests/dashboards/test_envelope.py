"""Which shape a file has is told from its content, and what contradicts itself is named."""

from __future__ import annotations

import json

import pytest

from staging_validation.dashboards.envelope import Envelope, classify
from staging_validation.dashboards.reading import read_dashboard
from staging_validation.source_files import SourceFile

CLASSIC = {"title": "A", "uid": "a", "panels": []}
ELEMENTS = {"title": "A", "elements": {}, "layout": {"kind": "GridLayout", "spec": {"items": []}}}
LIBRARY = {
    "name": "P",
    "uid": "p",
    "kind": 1,
    "model": {"type": "stat", "targets": [{"refId": "A", "expr": "up"}]},
}


def resource(version, spec, kind="Dashboard"):
    return {
        "apiVersion": f"dashboard.grafana.app/{version}", "kind": kind, "metadata": {"name": "a"}, "spec": spec,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "envelope", "body", "elements"),
    [
        (CLASSIC, Envelope.CLASSIC, "", False),
        ({"rows": []}, Envelope.CLASSIC, "", False),
        ({"dashboard": CLASSIC, "meta": {}}, Envelope.WRAPPED, "/dashboard", False),
        ({"dashboard": ELEMENTS}, Envelope.WRAPPED, "/dashboard", True),
        (resource("v0alpha1", CLASSIC), Envelope.V1, "/spec", False),
        (resource("v1beta1", CLASSIC), Envelope.V1, "/spec", False),
        (resource("v1", CLASSIC, "DashboardWithAccessInfo"), Envelope.V1, "/spec", False),
        (resource("v2alpha1", ELEMENTS), Envelope.V2, "/spec", True),
        (resource("v2beta1", ELEMENTS), Envelope.V2, "/spec", True),
        (resource("v2", ELEMENTS), Envelope.V2, "/spec", True),
        (resource("v2", {"title": "without elements"}), Envelope.V2, "/spec", True),
        (ELEMENTS, Envelope.BARE_V2, "", True),
        (LIBRARY, Envelope.LIBRARY_PANEL, "/model", False),
        ({"result": LIBRARY}, Envelope.LIBRARY_PANEL, "/result/model", False),
        (LIBRARY["model"], Envelope.LIBRARY_PANEL, "", False),
        (resource("v0alpha1", LIBRARY["model"], "LibraryPanel"), Envelope.LIBRARY_PANEL, "/spec", False),
    ],
)
def test_shapes(value, envelope, body, elements):
    found = classify(value)
    assert (found.envelope, found.body, found.elements, found.fault) == (envelope, body, elements, "")


@pytest.mark.parametrize(
    ("value", "fault", "pointer"),
    [
        ([], "holds a list, not a dashboard", ""),
        ("x", "holds a single value", ""),
        ({}, "at its top stand nothing", ""),
        ({"name": "x", "version": 1}, "at its top stand name, version", ""),
        ({"$schema": "x", "title": "A schema"}, "no dashboard", ""),
        (
            {"apiVersion": "grafana.integreatly.org/v1beta1", "spec": {}},
            "a resource of grafana.int",
            "/apiVersion",
        ),
        ({"apiVersion": "dashboard.grafana.app/v1", "spec": []}, "a resource without a spec", "/spec"),
    ],
)
def test_what_is_no_dashboard_is_said_to_be_none(value, fault, pointer):
    found = classify(value)
    assert found.envelope is Envelope.NOT_A_DASHBOARD
    assert fault in found.fault
    assert found.fault_pointer == pointer


@pytest.mark.parametrize(
    ("value", "envelope", "fault", "pointer"),
    [
        (
            resource("v9", CLASSIC),
            Envelope.V1,
            "the version v9 of dashboard.grafana.app is not known",
            "/apiVersion",
        ),
        (
            resource("v9", ELEMENTS),
            Envelope.V2,
            "the version v9 of dashboard.grafana.app is not known",
            "/apiVersion",
        ),
        (resource("v1", ELEMENTS), Envelope.V2, "its spec has elements and a layout", "/apiVersion"),
        (resource("v1", CLASSIC, "Folder"), Envelope.V1, "its kind is 'Folder'", "/kind"),
        (resource("v1", CLASSIC, None), Envelope.V1, "its kind is None", "/kind"),
        (resource("v2", CLASSIC), Envelope.V2, "its spec has panels", "/apiVersion"),
    ],
)
def test_a_shape_that_contradicts_itself_is_read_as_what_it_holds(value, envelope, fault, pointer):
    reading = read_dashboard(SourceFile("x.json", json.dumps(value, indent=1)))
    assert reading.envelope is envelope
    assert reading.dashboard is not None
    assert reading.dashboard.title == "A"
    problem = reading.problems[0]
    assert fault in problem.message[:1].lower() + problem.message[1:]
    assert (problem.kind.value, problem.pointer) == ("envelope", pointer)
    assert problem.line > 1
