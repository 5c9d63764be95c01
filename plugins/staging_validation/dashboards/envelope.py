"""Which shape a dashboard file has: one of Grafana's formats, and in which wrapping."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

GROUP = "dashboard.grafana.app"
"""The API group of Grafana's dashboards."""

V1_VERSIONS = ("v0alpha1", "v1alpha1", "v1beta1", "v1")
"""Versions whose ``spec`` is a classic dashboard."""

V2_VERSIONS = ("v2alpha1", "v2alpha2", "v2beta1", "v2beta2", "v2")
"""Versions whose ``spec`` has elements and a layout."""


class Envelope(str, Enum):
    """The shape of a file."""

    CLASSIC = "classic dashboard"
    WRAPPED = "wrapper of the HTTP API"
    V1 = "Kubernetes-style resource of version 1"
    V2 = "Kubernetes-style resource of version 2"
    BARE_V2 = "bare dashboard of version 2"
    LIBRARY_PANEL = "library panel"
    NOT_A_DASHBOARD = "no dashboard"


@dataclass(frozen=True, slots=True)
class Classified:
    """What a file is.

    Attributes:
        envelope: Its shape.
        body: Where the dashboard (or the panel) stands, as a JSON pointer.
        elements: Whether it is written in elements and a layout, not in the classic format.
        api_version: The ``apiVersion`` of a Kubernetes-style resource; empty otherwise.
        fault: What is wrong with the shape; empty for nothing.
        fault_pointer: Where.
        remedy: What to do about it.
    """

    envelope: Envelope
    body: str = ""
    elements: bool = False
    api_version: str = ""
    fault: str = ""
    fault_pointer: str = ""
    remedy: str = ""


_CLASSIC_KEYS = frozenset(
    {
        "panels",
        "rows",
        "templating",
        "schemaVersion",
        "title",
        "uid",
        "annotations",
        "time",
        "refresh",
        "tags",
    }
)
_EXPORT = "export the dashboard from Grafana again, or keep the file out of the checked folder"


def classify(value: Any) -> Classified:
    """Tell the shape of a file from its content.

    Args:
        value: The content of the file.

    Returns:
        The shape. Where the file says one thing and holds another, it is read as what it holds, and the fault
        says so.
    """
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "a single value"
        return Classified(
            Envelope.NOT_A_DASHBOARD, fault=f"the file holds {kind}, not a dashboard", remedy=_EXPORT
        )
    if "apiVersion" in value and "panels" not in value:
        return _resource(value)
    if isinstance(value.get("dashboard"), dict) and "panels" not in value:
        return Classified(Envelope.WRAPPED, "/dashboard", _has_elements(value["dashboard"]))
    if _has_elements(value) and "panels" not in value:
        return Classified(Envelope.BARE_V2, "", elements=True)
    return _library_panel(value) or _classic(value)


def _has_elements(value: dict[str, Any]) -> bool:
    return isinstance(value.get("elements"), dict) or isinstance(value.get("layout"), dict)


def _classic(value: dict[str, Any]) -> Classified:
    if _CLASSIC_KEYS.isdisjoint(value) or "$schema" in value:
        shown = ", ".join(sorted(value)[:3]) or "nothing"
        return Classified(
            Envelope.NOT_A_DASHBOARD,
            fault=f"the file holds no dashboard: at its top stand {shown}",
            remedy=_EXPORT,
        )
    return Classified(Envelope.CLASSIC)


def _library_panel(value: dict[str, Any]) -> Classified | None:
    inner = value.get("result")
    if isinstance(inner, dict) and isinstance(inner.get("model"), dict):
        return Classified(Envelope.LIBRARY_PANEL, "/result/model")
    if isinstance(value.get("model"), dict) and "panels" not in value:
        return Classified(Envelope.LIBRARY_PANEL, "/model")
    if isinstance(value.get("type"), str) and "panels" not in value and {"targets", "gridPos"} & value.keys():
        return Classified(Envelope.LIBRARY_PANEL)
    return None


def _resource(value: dict[str, Any]) -> Classified:
    api_version, kind, spec = value["apiVersion"], value.get("kind"), value.get("spec")
    group, _, version = str(api_version).partition("/")
    if group != GROUP or not isinstance(spec, dict):
        what = f"a resource of {group or 'no group'}" if group != GROUP else "a resource without a spec"
        return Classified(
            Envelope.NOT_A_DASHBOARD,
            api_version=str(api_version),
            fault=f"the file holds {what}, not a dashboard of {GROUP}",
            fault_pointer="/apiVersion" if group != GROUP else "/spec",
            remedy=_EXPORT,
        )
    if kind == "LibraryPanel":
        return Classified(Envelope.LIBRARY_PANEL, "/spec", api_version=str(api_version))
    elements = _has_elements(spec) and "panels" not in spec
    fault, pointer, remedy = _resource_fault(version, kind, elements=elements, panels="panels" in spec)
    return Classified(
        Envelope.V2 if elements or version in V2_VERSIONS else Envelope.V1,
        "/spec",
        elements=elements or (version in V2_VERSIONS and "panels" not in spec),
        api_version=str(api_version),
        fault=fault,
        fault_pointer=pointer,
        remedy=remedy,
    )


def _resource_fault(version: str, kind: object, *, elements: bool, panels: bool) -> tuple[str, str, str]:
    known = (*V1_VERSIONS, *V2_VERSIONS)
    if version not in known:
        fault = f"the version {version or '(none)'} of {GROUP} is not known: known are {', '.join(known)}"
        return fault, "/apiVersion", f"write {GROUP}/{'v2' if elements else 'v1'}"
    if kind not in ("Dashboard", "DashboardWithAccessInfo"):
        return f"its kind is {kind!r}, not 'Dashboard'", "/kind", 'write "kind": "Dashboard"'
    if elements and version in V1_VERSIONS:
        fault = f"its version is {version}, but its spec has elements and a layout, which came with version 2"
        return fault, "/apiVersion", f"write {GROUP}/v2"
    if panels and version in V2_VERSIONS:
        fault = f"its version is {version}, but its spec has panels, which version 2 keeps as elements"
        return fault, "/apiVersion", f"write {GROUP}/v1"
    return "", "", ""
