"""Panels, as part of the model: where they lie, how they look, and what they make of their queries' answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from staging_validation.dashboards.model_queries import DatasourceRef, Link, Target
from staging_validation.dashboards.reading_values import mapping, texts


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a panel lies: 24 columns a row. A number that the file does not give is None.

    Attributes:
        x: The column it begins in, from 0.
        y: The row it begins in, from 0.
        w: How many columns wide.
        h: How many rows high.
        pointer: Where the file says so.
    """

    x: float | None
    y: float | None
    w: float | None
    h: float | None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which values on a panel changes its colour.

    Attributes:
        mode: ``absolute`` or ``percentage``.
        steps: The values in the order of the file; None for the first, which has no lower end.
        pointer: Where they stand.
    """

    mode: str
    steps: tuple[float | None, ...]
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Options for some of a panel's fields.

    Attributes:
        matcher: What chooses the fields: ``byName``, ``byRegexp``, ``byFrameRefID``, ….
        options: What it is given: a name, an expression, a refId, ….
        properties: What is set, by id: ``{"unit": "currencyUSD"}``.
        pointer: Where it stands.
    """

    matcher: str
    options: Any
    properties: Mapping[str, Any]
    pointer: str


@dataclass(frozen=True, slots=True)
class Transformation:
    """A step between the queries' results and what the panel shows.

    Attributes:
        id: ``joinByField``, ``filterByRefId``, ….
        options: Its options.
        disabled: Whether it is switched off.
        pointer: Where it stands.
        options_pointer: Where its options stand.
    """

    id: str
    options: Mapping[str, Any]
    disabled: bool
    pointer: str
    options_pointer: str


@dataclass(frozen=True, slots=True)
class LibraryRef:
    """Which library panel a panel is a copy of.

    Attributes:
        uid: Its id.
        name: Its name.
        pointer: Where it is named.
    """

    uid: str
    name: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        id: Its number, unique in the dashboard; 0 where the file gives none.
        title: Its title.
        type: Its visualisation, for example ``timeseries``.
        pointer: Where it stands in the file, as a JSON pointer: ``/panels/3``.
        targets: Its queries.
        time_from: Its own time range, for example ``24h``, where it has one.
        interval: The minimum step of its queries, where it has one.
        max_data_points: The most points it asks for, where it says so.
        time_shift: By how much its time range is shifted, where it is.
        description: Its description.
        has_id: Whether the file gives it a number.
        spec: Where its title, id, description and links stand: ``pointer``, or below it.
        grid: Where it lies; None where the file or its layout does not say.
        unit: The unit of its values, where it is set.
        unit_pointer: Where the unit stands, or would stand.
        decimals: How many decimals it shows, where it is set.
        min: The lowest value, where it is set.
        max: The highest value, where it is set.
        no_value: What is shown in place of no value, where it is set.
        thresholds: Its thresholds, where it has some.
        mappings: Its value mappings, as they stand.
        field_config: Where its field configuration (``defaults``, ``overrides``) stands.
        custom: The options of its field defaults that belong to the visualisation (``drawStyle``, ``stacking``).
        overrides: Its overrides.
        transformations: Its transformations.
        options: The visualisation's options, as they stand.
        options_pointer: Where they stand.
        links: Its links and the data links of its field defaults.
        repeat: The variable it is repeated for, where it is.
        library: The library panel it is a copy of, where it is.
        datasource: Its own data source, where it names one.
        section: Where the row or tab stands that it belongs to; empty for none.
        nested: Whether it stands inside the ``panels`` of its row.
        element: Its name in ``elements``; empty in the classic format.
        placed: Whether the layout shows it.
        raw: The panel as it stands in the file.
    """

    id: int
    title: str
    type: str
    pointer: str
    targets: tuple[Target, ...]
    time_from: str | None = None
    interval: str | None = None
    max_data_points: int | None = None
    time_shift: str | None = None
    description: str = ""
    has_id: bool = True
    spec: str = ""
    grid: Grid | None = None
    unit: str | None = None
    unit_pointer: str = ""
    decimals: float | None = None
    min: float | None = None
    max: float | None = None
    no_value: str | None = None
    thresholds: Thresholds | None = None
    mappings: tuple[Any, ...] = ()
    field_config: str = ""
    custom: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    transformations: tuple[Transformation, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    options_pointer: str = ""
    links: tuple[Link, ...] = ()
    repeat: str | None = None
    library: LibraryRef | None = None
    datasource: DatasourceRef | None = None
    section: str = ""
    nested: bool = False
    element: str = ""
    placed: bool = True
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def calcs(self) -> tuple[str, ...]:
        """How a stat, gauge or bar reduces a series to one number: ``lastNotNull``, ``sum``, …."""
        return texts(mapping(self.options.get("reduceOptions")).get("calcs"))

    @property
    def shows_all_values(self) -> bool:
        """Whether a stat, gauge or bar shows every row of the answer instead of one number a series."""
        return mapping(self.options.get("reduceOptions")).get("values") is True

    @property
    def legend(self) -> Mapping[str, Any]:
        """The options of its legend: ``showLegend``, ``displayMode``, ``calcs``, …."""
        return mapping(self.options.get("legend"))

    def target(self, ref_id: str) -> Target | None:
        """Return the query of a letter."""
        return next((target for target in self.targets if target.ref_id == ref_id), None)
