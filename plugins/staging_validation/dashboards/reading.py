"""Reads dashboard files of every format into one model; what is wrong with a file is listed, and the rest is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from staging_validation.dashboards.envelope import Classified, Envelope, classify
from staging_validation.dashboards.json_places import Locator, Position
from staging_validation.dashboards.model import Dashboard
from staging_validation.dashboards.reading_classic import read_classic, read_library_panel
from staging_validation.dashboards.reading_v2 import read_v2
from staging_validation.dashboards.reading_values import mapping, text
from staging_validation.dashboards.schema_check import Schema, schema_faults
from staging_validation.dashboards.strict_json import load_json
from staging_validation.source_files import SourceFile


class ProblemKind(str, Enum):
    """What a problem of a file is about."""

    SYNTAX = "syntax"
    ENVELOPE = "envelope"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """Something wrong with a file itself.

    Attributes:
        kind: What it is about.
        message: What is wrong: a sentence that names the place, but not the file.
        remedy: What to do about it.
        pointer: The place, as a JSON pointer; empty for the whole file, or where it cannot be read.
        line: The line, counted from 1.
        column: The column, counted from 1.
    """

    kind: ProblemKind
    message: str
    remedy: str
    pointer: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What came out of reading a file.

    Attributes:
        file: The file.
        dashboard: The dashboard; None where the file holds none.
        envelope: The shape of the file; :attr:`Envelope.NOT_A_DASHBOARD` where it is no JSON.
        problems: What is wrong with the file.
        locator: Finds lines and columns.
    """

    file: SourceFile
    dashboard: Dashboard | None
    envelope: Envelope
    problems: tuple[ReadProblem, ...]
    locator: Locator

    def position(self, pointer: str) -> Position:
        """Return the line and column of a JSON pointer, or of the nearest place above it that is there."""
        return self.locator.position(pointer)


def read_dashboard(file: SourceFile) -> Reading:
    """Read a dashboard and name everything that is wrong with its file.

    A value of the wrong kind is a problem and reads as if it were not there, so that one mistake hides nothing else.

    Args:
        file: The file: Grafana's classic JSON, bare or in the wrapper of its HTTP API; a Kubernetes-style
            resource of version 1 or 2; a bare dashboard of version 2; or a library panel, which becomes a
            dashboard of one panel.

    Returns:
        The dashboard and the problems.
    """
    loaded = load_json(file.text)
    problems = [
        ReadProblem(ProblemKind.SYNTAX, _sentence(found.message), found.remedy, found.place, *found.position)
        for found in loaded.problems
    ]
    if loaded.value is None and problems:
        return Reading(file, None, Envelope.NOT_A_DASHBOARD, tuple(problems), loaded.locator)
    shape = classify(loaded.value)
    if shape.fault:
        position = loaded.locator.position(shape.fault_pointer)
        problems.append(
            ReadProblem(
                ProblemKind.ENVELOPE, _sentence(shape.fault), shape.remedy, shape.fault_pointer, *position
            )
        )
    dashboard = None
    if shape.envelope is not Envelope.NOT_A_DASHBOARD:
        dashboard = _read(file, loaded.value, shape)
        problems += _schema_problems(loaded.value, shape, loaded.locator)
    return Reading(file, dashboard, shape.envelope, tuple(problems), loaded.locator)


def _read(file: SourceFile, value: dict[str, Any], shape: Classified) -> Dashboard:
    content = _at(value, shape.body)
    if shape.envelope is Envelope.LIBRARY_PANEL:
        return read_library_panel(file.path, value, content, shape)
    metadata = mapping(value.get("metadata")) if shape.api_version else {}
    frame: dict[str, Any] = {
        "path": file.path,
        "envelope": shape.envelope,
        "api_version": shape.api_version,
        "body": shape.body,
        "folder": text(mapping(metadata.get("annotations")).get("grafana.app/folder")),
    }
    if shape.api_version and (metadata.get("name") or not content.get("uid")):
        frame |= {"uid": text(metadata.get("name")), "uid_pointer": "/metadata/name"}
    else:
        frame |= {"uid": text(content.get("uid")), "uid_pointer": f"{shape.body}/uid"}
    return read_v2(content, shape, frame) if shape.elements else read_classic(content, shape, frame)


def _schema_problems(value: dict[str, Any], shape: Classified, locator: Locator) -> list[ReadProblem]:
    schema, content, base = _schema_of(value, shape)
    if schema is None:
        return []
    return [
        ReadProblem(
            ProblemKind.SCHEMA,
            fault.message,
            fault.remedy,
            base + fault.pointer,
            *locator.position(base + fault.pointer),
        )
        for fault in schema_faults(schema, content)
    ]


def _schema_of(value: dict[str, Any], shape: Classified) -> tuple[Schema | None, Any, str]:
    """Choose the schema of a file, the part that it describes, and where that part stands."""
    if shape.envelope is Envelope.LIBRARY_PANEL:
        return None, None, ""
    if shape.elements:
        if shape.api_version.endswith(("/v2alpha1", "/v2alpha2")):
            return None, None, ""  # previews whose fields differ from file to file
        return (
            (Schema.V2, value, "")
            if shape.api_version
            else (Schema.V2_SPEC, _at(value, shape.body), shape.body)
        )
    return (
        (Schema.V1, value, "") if shape.api_version else (Schema.CLASSIC, _at(value, shape.body), shape.body)
    )


def _at(value: dict[str, Any], pointer: str) -> dict[str, Any]:
    for key in pointer.split("/")[1:]:
        value = value[key]
    return value


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
