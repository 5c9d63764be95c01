"""Reads dashboard files. So far in one shape: Grafana's classic JSON, as its file provisioner wants it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from staging_validation.dashboards.model import ALL, Dashboard, Panel, Target, Variable
from staging_validation.dashboards.strict_json import read_json
from staging_validation.errors import ConfigurationError
from staging_validation.source_files import SourceFile

_Kind = TypeVar("_Kind")

_REQUIRED: Any = object()
_LISTED = frozenset({"custom", "interval"})
"""Variable types whose query is the list of their values."""

_FIXED = frozenset({"constant", "textbox"})
"""Variable types whose query is their value."""

_SHAPES = (
    ("apiVersion", "a Kubernetes-style resource", "export the dashboard as classic JSON"),
    ("dashboard", "the wrapper of the HTTP API", 'keep only the content of "dashboard"'),
    ("elements", "a dashboard of schema v2", "export the dashboard as classic JSON"),
)


def parse_dashboard(file: SourceFile) -> Dashboard:
    """Read a dashboard.

    Args:
        file: The file, in Grafana's classic JSON.

    Returns:
        The dashboard.

    Raises:
        ConfigurationError: The file is no JSON (with line and column), has another shape, or a part of it is
            missing or of the wrong kind (with its JSON pointer).
    """
    root = _Node(file.path, "", read_json(file))
    content = root.mapping()
    for key, shape, remedy in _SHAPES:
        if key in content and "panels" not in content:
            raise ConfigurationError(
                f"{file.path} holds {shape}, which cannot be checked yet.", remedy=remedy
            )
    variables = [_variable(node) for node in root.items("templating", "list")]
    time = root.child("time").mapping() if "time" in content else {}
    return Dashboard(
        path=file.path,
        uid=root.get("uid", str),
        title=root.get("title", str),
        panels=tuple(_panels(root)),
        variables={variable.name: variable for variable in variables},
        time_from=str(time.get("from", Dashboard.time_from)),
        time_to=str(time.get("to", Dashboard.time_to)),
    )


class _Node:
    """A value of the file with its place, so that errors can name it."""

    def __init__(self, path: str, pointer: str, value: Any) -> None:
        self.path = path
        self.pointer = pointer
        self.value = value

    def mapping(self) -> Mapping[str, Any]:
        if not isinstance(self.value, dict):
            raise self.wrong("must be an object")
        return self.value

    def child(self, key: str) -> _Node:
        return _Node(self.path, f"{self.pointer}/{key}", self.mapping().get(key))

    def get(self, key: str, kind: type[_Kind], default: Any = _REQUIRED) -> _Kind:
        value = self.mapping().get(key)
        if value is None and default is not _REQUIRED:
            return default  # type: ignore[no-any-return]
        if not isinstance(value, kind) or value == "":
            what = "is missing" if value in (None, "") else f"must be of type {kind.__name__}"
            raise self.child(key).wrong(what)
        return value

    def items(self, *keys: str) -> Iterator[_Node]:
        """Yield the items of a list that is some keys below; none when it is not there."""
        node = self
        for key in keys:
            node = node.child(key)
            if node.value is None:
                return
        if not isinstance(node.value, list):
            raise node.wrong("must be a list")
        for position, value in enumerate(node.value):
            yield _Node(self.path, f"{node.pointer}/{position}", value)

    def wrong(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path}#{self.pointer or '/'} {what}.", remedy="correct the file, or export it again"
        )


def _panels(parent: _Node) -> Iterator[Panel]:
    """Yield the panels, and those that a collapsed row holds."""
    for node in parent.items("panels"):
        if node.get("type", str) == "row":
            yield from _panels(node)
        else:
            yield _panel(node)


def _panel(node: _Node) -> Panel:
    datasource = _datasource_type(node)
    points = node.get("maxDataPoints", int, None)
    return Panel(
        id=node.get("id", int),
        title=node.get("title", str),
        type=node.get("type", str),
        pointer=node.pointer,
        targets=tuple(_target(target, datasource) for target in node.items("targets")),
        time_from=node.get("timeFrom", str, None),
        interval=node.get("interval", str, None),
        max_data_points=points,
    )


def _target(node: _Node, panel_datasource: str) -> Target:
    return Target(
        ref_id=node.get("refId", str),
        expr=str(node.mapping().get("expr") or ""),
        datasource_type=_datasource_type(node) or panel_datasource,
        hidden=node.get("hide", bool, default=False),
        instant=node.get("instant", bool, default=False),
        interval=node.get("interval", str, None),
    )


def _datasource_type(node: _Node) -> str:
    datasource = node.mapping().get("datasource")
    return str(datasource.get("type") or "") if isinstance(datasource, dict) else ""


def _variable(node: _Node) -> Variable:
    kind = node.get("type", str)
    current = node.mapping().get("current")
    offered = [option.mapping().get("value") for option in node.items("options")]
    query = node.mapping().get("query")
    if not offered and kind in _LISTED and isinstance(query, str):
        offered = [entry.rpartition(" : ")[2].strip() for entry in query.split(",")]
    chosen = _values(current.get("value")) if isinstance(current, dict) else ()
    if not chosen and kind in _FIXED and isinstance(query, str):
        chosen = (query,)
    return Variable(
        name=node.get("name", str),
        type=kind,
        multi=node.get("multi", bool, default=False),
        include_all=node.get("includeAll", bool, default=False),
        all_value=node.mapping().get("allValue") or None,
        current=chosen,
        options=tuple(str(value) for value in offered if value not in (None, "", ALL)),
    )


def _values(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
