"""A dashboard's file must have the shape that the way into Grafana takes: no file fits all ways."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Envelope
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_RESOURCES_SINCE = (12, 0)
"""Since when Grafana takes Kubernetes-style resources."""

_IN_PROVISIONING_SINCE = (13, 0)
"""Since when the file provisioner takes them."""

_EXPORT_CLASSIC = "export it in the classic format, which has title and panels at its top"


def _check(dashboard: Dashboard, context: Context) -> Iterator[Fault]:
    target = context.target_grafana
    provisioned = "provisioning" in dashboard.path.split("/")[:-1]
    shape = dashboard.envelope
    if shape is Envelope.WRAPPED:
        yield Fault(
            'The dashboard is wrapped as the HTTP API has it ({"dashboard": …}): the file provisioner refuses such a '
            'file with "Dashboard title cannot be empty".',
            "take the wrapper off, unless the file is only ever sent to /api/dashboards/db",
            pointer="/dashboard",
            severity=None if provisioned else Severity.INFO,
        )
    elif shape is Envelope.BARE_V2:
        yield Fault(
            "The dashboard is one of version 2 without its wrapping: Grafana cannot tell which version that is, and "
            "refuses the file.",
            'wrap it: {"apiVersion": "dashboard.grafana.app/v2", "kind": "Dashboard", "metadata": {"name": "uid"}, '
            '"spec": …}',
            pointer="",
            severity=None if provisioned else Severity.WARNING,
        )
    elif shape in (Envelope.V1, Envelope.V2):
        yield from _resource_faults(dashboard.api_version, target, provisioned=provisioned)


def _resource_faults(api_version: str, target: tuple[int, int], *, provisioned: bool) -> Iterator[Fault]:
    version = api_version.rpartition("/")[2]
    grafana = f"Grafana {target[0]}.{target[1]}"
    if target < _RESOURCES_SINCE:
        what = f"{grafana} knows no Kubernetes-style resources"
    elif version == "v2" and target < _IN_PROVISIONING_SINCE:
        what = f"{grafana} does not know {api_version}, which came with Grafana 13"
    elif provisioned and target < _IN_PROVISIONING_SINCE:
        what = f"the file provisioner of {grafana} takes no Kubernetes-style resources"
    else:
        return
    yield Fault(
        f"{what[:1].upper()}{what[1:]}, so the dashboard is not loaded.",
        _EXPORT_CLASSIC,
        pointer="/apiVersion",
        evidence={"api_version": api_version, "grafana": f"{target[0]}.{target[1]}"},
    )


RULE = Rule(
    id="file-channel",
    summary="A file has a shape that its way into Grafana does not take.",
    severity=Severity.ERROR,
    subject=Dashboard,
    check=_check,
    classes=("A2",),
)
