"""A dashboard's variables, as part of the model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from staging_validation.dashboards.model_queries import DatasourceRef


class Scope(str, Enum):
    """Where a variable holds."""

    DASHBOARD = "dashboard"
    ROW = "row"
    TAB = "tab"


@dataclass(frozen=True, slots=True)
class Variable:
    """One dashboard variable.

    Attributes:
        name: Its name, without the dollar sign.
        type: ``query``, ``custom``, ``datasource``, ``interval``, ``constant``, ``textbox``, ``adhoc``,
            ``groupby``, ``switch``, ….
        multi: Whether several values may be chosen.
        include_all: Whether All may be chosen.
        all_value: What All is replaced with, where the file says so.
        current: The values that are chosen in the file; :data:`ALL` for All.
        options: The values that the file offers.
        pointer: Where it stands.
        spec: Where its name, query and other fields stand: ``pointer``, or below it.
        label: What is shown in place of its name.
        query: The text of its query, or its list of values; of a ``datasource`` variable the plugin's name.
        query_pointer: Where that text stands.
        query_fields: Whether its query was an object with fields (``qryType``, ``query``) instead of a text.
        definition: What the list of variables shows for its query.
        regex: The regular expression that filters its values.
        refresh: When the values are asked for again: ``never``, ``onDashboardLoad``, ``onTimeRangeChanged``.
        sort: How its values are sorted: ``disabled``, ``alphabeticalAsc``, ….
        hide: ``dontHide``, ``hideLabel``, ``hideVariable`` or ``inControlsMenu``.
        datasource: The data source that its query asks, where it names one.
        datasource_type: The type of that data source; empty when the file does not tell.
        allow_custom: Whether any other value may be typed in.
        auto: Whether an ``interval`` variable offers one that fits the time range.
        scope: Where it holds.
        section: Where the row or tab stands that it belongs to; empty for the dashboard's.
    """

    name: str
    type: str
    multi: bool = False
    include_all: bool = False
    all_value: str | None = None
    current: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    pointer: str = ""
    spec: str = ""
    label: str = ""
    query: str = ""
    query_pointer: str = ""
    query_fields: bool = False
    definition: str = ""
    regex: str = ""
    refresh: str = "never"
    sort: str = "disabled"
    hide: str = "dontHide"
    datasource: DatasourceRef | None = None
    datasource_type: str = ""
    allow_custom: bool = True
    auto: bool = False
    scope: Scope = Scope.DASHBOARD
    section: str = ""

    @property
    def many(self) -> bool:
        """Whether it can stand for several values at once."""
        return self.multi or self.include_all
