"""What the checks need of a dashboard: one model, whatever shape its file has."""

from __future__ import annotations

from dataclasses import dataclass

PROMETHEUS = "prometheus"
"""The data source type whose targets are PromQL."""

ALL = "$__all"
"""The value that stands for All in a variable's current value (Grafana documentation, variables)."""


@dataclass(frozen=True)
class Target:
    """One query of a panel.

    Attributes:
        ref_id: Its letter, unique in the panel.
        expr: The query as written, with variables.
        datasource_type: The type of the data source that is asked, for example ``prometheus``; empty when the
            file does not tell.
        hidden: Whether the panel does not show it.
        instant: Whether it is asked at one time only.
        interval: Its own minimum step, where it has one.
    """

    ref_id: str
    expr: str
    datasource_type: str
    hidden: bool = False
    instant: bool = False
    interval: str | None = None


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        id: Its number, unique in the dashboard.
        title: Its title.
        type: Its visualisation, for example ``timeseries``.
        pointer: Where it stands in the file, as a JSON pointer: ``/panels/3``.
        targets: Its queries.
        time_from: Its own time range, for example ``24h``, where it has one.
        interval: The minimum step of its queries, where it has one.
        max_data_points: The most points it asks for, where it says so.
    """

    id: int
    title: str
    type: str
    pointer: str
    targets: tuple[Target, ...]
    time_from: str | None = None
    interval: str | None = None
    max_data_points: int | None = None


@dataclass(frozen=True)
class Variable:
    """One dashboard variable.

    Attributes:
        name: Its name, without the dollar sign.
        type: ``query``, ``custom``, ``datasource``, ``interval``, ``constant``, ``textbox``, ….
        multi: Whether several values may be chosen.
        include_all: Whether All may be chosen.
        all_value: What All is replaced with, where the file says so.
        current: The values that are chosen in the file; :data:`ALL` for All.
        options: The values that the file offers.
    """

    name: str
    type: str
    multi: bool = False
    include_all: bool = False
    all_value: str | None = None
    current: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """One dashboard.

    Attributes:
        path: The file it came from, as messages name it.
        uid: Its id.
        title: Its title.
        panels: Its panels, those inside rows included, in the order of the file.
        variables: Its variables, by name.
        time_from: Where its time range begins, for example ``now-24h``.
        time_to: Where its time range ends, for example ``now``.
    """

    path: str
    uid: str
    title: str
    panels: tuple[Panel, ...]
    variables: dict[str, Variable]
    time_from: str = "now-6h"
    time_to: str = "now"
