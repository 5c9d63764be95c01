"""Grafana must have the panel's type: types made for Angular are gone since Grafana 12."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from staging_validation.dashboards.model import Panel
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import type_pointer
from staging_validation.lint.rule import Fault, Rule

_ANGULAR_IS_OFF, _ANGULAR_IS_GONE = (11, 0), (12, 0)

_CORE_LISTED = """
    alertGroups alertlist annolist bargauge barchart candlestick canvas dashlist datagrid debug flamegraph gauge
    geomap gettingstarted heatmap histogram live logs logstable news nodeGraph piechart pluginlist radialbar row
    stat state-timeline status-history table text timeseries traces trend welcome xychart
"""
_CORE = frozenset(_CORE_LISTED.split())
_REPLACED = {
    "graph": "timeseries",
    "table-old": "table",
    "singlestat": "stat",
    "grafana-singlestat-panel": "stat",
    "grafana-piechart-panel": "piechart",
    "grafana-worldmap-panel": "geomap",
    "natel-discrete-panel": "state-timeline",
    "heatmap-new": "heatmap",
}
"""Types that Grafana turns into another when it opens the dashboard."""

_DEAD_LISTED = """
    agenty-flowcharting-panel bessler-pictureit-panel blackmirror1-singlestat-math-panel
    blackmirror1-statusbygroup-panel briangann-datatable-panel btplc-status-dot-panel btplc-trend-box-panel
    citilogics-geoloop-panel corpglory-progresslist-panel digrich-bubblechart-panel farski-blendstat-panel
    fatcloud-windrose-panel flant-statusmap-panel jeanbaptistewatenberg-percent-panel larona-epict-panel
    michaeldmoore-annunciator-panel michaeldmoore-multistat-panel mtanda-heatmap-epoch-panel mtanda-histogram-panel
    mxswat-separator-panel natel-plotly-panel neocat-cal-heatmap-panel
    petrslavotinek-carpetplot-panel pierosavi-imageit-panel pr0ps-trackmap-panel ryantxu-ajax-panel
    satellogic-3d-globe-panel savantly-heatmap-panel smartmakers-trafficlight-panel snuids-radar-panel
    snuids-trafficlights-panel vonage-status-panel yesoreyeram-boomtable-panel zuburqan-parity-report-panel
"""
_DEAD = frozenset(_DEAD_LISTED.split())
"""Plugins that were made for Angular and have no successor of the same name."""


def _check(panel: Panel, context: Context) -> Iterator[Fault]:
    kind, grafana = panel.type, context.target_grafana
    if not kind or kind in _CORE or panel.library is not None:
        return  # of a library panel it is the panel's own file that says the type
    if kind in _REPLACED:
        if grafana >= _ANGULAR_IS_OFF:
            yield _replaced(panel, grafana)
    elif kind in _DEAD:
        if grafana >= _ANGULAR_IS_OFF:
            yield _dead(panel, grafana)
    else:
        yield _unknown(panel)


def _replaced(panel: Panel, grafana: tuple[int, int]) -> Fault:
    new = _REPLACED[panel.type]
    return Fault(
        f"The panel type {panel.type} does not exist in Grafana {grafana[0]} any more; Grafana opens the panel as "
        f"{new} and guesses its options, so axes, units and colours may get lost.",
        f'open the dashboard in Grafana, look at what became of the panel, and save it as "type": "{new}"',
        pointer=type_pointer(panel),
        evidence={"type": panel.type, "successor": new},
    )


def _dead(panel: Panel, grafana: tuple[int, int]) -> Fault:
    gone = grafana >= _ANGULAR_IS_GONE
    state = "cannot run" if gone else "runs only where Angular is switched on again"
    return Fault(
        f"The plugin {panel.type} is made for Angular and {state} in Grafana {grafana[0]}: the panel shows an error "
        "in place of its data.",
        "use a panel type of Grafana itself: timeseries, stat, state-timeline, table, …",
        pointer=type_pointer(panel),
        evidence={"type": panel.type},
        severity=Severity.ERROR if gone else Severity.WARNING,
    )


def _unknown(panel: Panel) -> Fault:
    pointer = type_pointer(panel)
    if "-" in panel.type:  # the ids of plugins have the form maker-name-panel
        return Fault(
            f"The panel type {panel.type} is no part of Grafana: the panel is empty where that plugin is missing.",
            "make sure that the plugin is installed wherever the dashboard is used",
            pointer=pointer,
            evidence={"type": panel.type},
            severity=Severity.INFO,
        )
    close = difflib.get_close_matches(panel.type, [*_CORE, *_REPLACED], n=1, cutoff=0.6)
    return Fault(
        f"Grafana has no panel type {panel.type}: the panel shows “Panel plugin not found” in place of its data.",
        f'write "type": "{close[0]}"' if close else 'name a type that there is, for example "timeseries"',
        pointer=pointer,
        evidence={"type": panel.type},
        severity=Severity.ERROR,
    )


RULE = Rule(
    id="panel-type-removed",
    summary="A panel's type is not known to Grafana, or no more.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B1",),
)
