"""Queries, data sources, annotations and links, as part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

PROMETHEUS = "prometheus"
"""The data source type whose targets are PromQL."""

PROMETHEUS_TYPES = frozenset(
    {PROMETHEUS, "grafana-amazonprometheus-datasource", "grafana-azureprometheus-datasource"}
)
"""Every type whose targets are PromQL: the managed offers of Amazon and Azure have their own plugins."""

EXPRESSION = "__expr__"
"""The data source type of Grafana's own server-side expressions."""

ALL = "$__all"
"""The value that stands for All in a variable's current value (Grafana documentation, variables)."""


class TargetKind(str, Enum):
    """Which language a query is written in."""

    PROMQL = "promql"
    EXPRESSION = "expression"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class DatasourceRef:
    """How a part of a dashboard names its data source.

    Attributes:
        type: The plugin's type; empty where it is not told.
        uid: The data source's id, or a variable; empty where it is not told.
        name: The name, where the file names it by one plain text, as Grafana did before 8.3; None otherwise.
        pointer: Where it stands.
    """

    type: str
    uid: str
    name: str | None = None
    pointer: str = ""

    @property
    def text(self) -> str:
        """What identifies it: the id, or the name."""
        return self.uid or self.name or ""


@dataclass(frozen=True, slots=True)
class Expression:
    """One of Grafana's server-side expressions.

    Attributes:
        type: ``math``, ``reduce``, ``resample``, ``threshold``, ``classic_conditions`` or ``sql``.
        text: A formula, or the refId of the input.
        text_pointer: Where that stands.
        refs: The refIds that it reads.
        reducer: How ``reduce`` makes one number of a series.
        settings: Further settings, as they stand: ``{"mode": "dropNN"}``.
    """

    type: str
    text: str
    text_pointer: str
    refs: tuple[str, ...]
    reducer: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a panel.

    Attributes:
        ref_id: Its letter, unique in the panel; empty where the file gives none.
        expr: The query as written, with variables.
        datasource_type: The type of the data source that is asked, for example ``prometheus``; empty when the
            file does not tell.
        hidden: Whether the panel does not show it.
        instant: Whether it is asked at one time only.
        interval: Its own minimum step, where it has one.
        range: Whether it is asked at every step of the time range; with ``instant`` both.
        kind: Its language. Where the file does not tell the data source, a query with ``expr`` is PromQL.
        pointer: Where it stands.
        fields: Where ``expr``, ``legendFormat`` and the like stand: ``pointer``, or below it.
        expr_pointer: Where the query's text stands.
        ref_id_pointer: Where its letter stands.
        legend: How its series are named: a text with ``{{label}}``; None where the file does not say.
        format: ``time_series``, ``table`` or ``heatmap``.
        exemplar: Whether it asks for exemplars.
        datasource: Its own data source, where it names one.
        datasource_uid: The id (or name, or variable) of the data source that is asked: its own or its panel's.
        expression: What it computes, when it is an expression.
        raw: The query as it stands in the file.
    """

    ref_id: str
    expr: str
    datasource_type: str
    hidden: bool = False
    instant: bool = False
    interval: str | None = None
    range: bool = True
    kind: TargetKind = TargetKind.PROMQL
    pointer: str = ""
    fields: str = ""
    expr_pointer: str = ""
    ref_id_pointer: str = ""
    legend: str | None = None
    format: str = "time_series"
    exemplar: bool = False
    datasource: DatasourceRef | None = None
    datasource_uid: str = ""
    expression: Expression | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def range_query(self) -> bool:
        """Whether it is asked at every step of the time range."""
        return self.range or not self.instant


@dataclass(frozen=True, slots=True)
class Annotation:
    """A query whose results are drawn as marks over the panels.

    Attributes:
        name: Its name.
        pointer: Where it stands.
        enabled: Whether it is switched on when the dashboard opens.
        hidden: Whether its switch is hidden.
        built_in: Whether it is Grafana's own.
        datasource: The data source that it asks, where it names one.
        datasource_type: The type of that data source; empty when the file does not tell.
        kind: Its language.
        expr: Its query, when it is PromQL; empty otherwise.
        expr_pointer: Where that stands.
        interval: Its step, where it has one.
        texts: Its texts with ``{{label}}``, by field: ``titleFormat``, ``textFormat``, ``tagKeys``.
        panel_ids: The panels that it is limited to, or kept from.
        raw: The annotation as it stands in the file.
    """

    name: str
    pointer: str
    enabled: bool = True
    hidden: bool = False
    built_in: bool = False
    datasource: DatasourceRef | None = None
    datasource_type: str = ""
    kind: TargetKind = TargetKind.OTHER
    expr: str = ""
    expr_pointer: str = ""
    interval: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    panel_ids: tuple[int, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a dashboard, a panel or a panel's data.

    Attributes:
        title: Its title.
        url: Its address; empty for a list of dashboards.
        pointer: Where it stands.
        kind: ``dashboard``, ``panel`` or ``data``.
        lists_dashboards: Whether it lists the dashboards with ``tags``.
        tags: Which dashboards it lists.
        include_vars: Whether it carries the variables' values.
        keep_time: Whether it carries the time range.
    """

    title: str
    url: str
    pointer: str
    kind: str
    lists_dashboards: bool = False
    tags: tuple[str, ...] = ()
    include_vars: bool = False
    keep_time: bool = False
