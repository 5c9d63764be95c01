"""The functions and aggregations of PromQL: data, from the documentation of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from staging_validation.promql.tree import ValueType

_SCALAR, _VECTOR, _MATRIX, _STRING = ValueType.SCALAR, ValueType.VECTOR, ValueType.MATRIX, ValueType.STRING


class LabelEffect(str, Enum):
    """What a function does to the labels of its series."""

    KEEPS = "keeps"
    """All stay, the metric's name included."""
    DROPS_NAME = "drops the name"
    DROPS_BUCKETS = "drops the name and le"
    SETS = "sets one"
    """``label_replace``, ``label_join``: the second argument names the label that is written."""
    OF_MATCHERS = "of matchers"
    """``absent``: the labels of the equality matchers."""
    NONE = "none"
    """The result is a number, or a series without labels."""
    ADDS = "adds"
    """Labels of other metrics come in: which, only the data says."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function's signature.

    Attributes:
        name: Its name.
        arguments: The types of its arguments.
        returns: The type of its result.
        optional: How many of the last arguments may be left out.
        repeats: Whether the last argument may stand any number of times, none included.
        since: The Prometheus version that has it first; empty for those that every 2.x has.
        until: The first version that no longer has it.
        instead: What took its place in that version.
        experimental: Whether the server needs ``--enable-feature=promql-experimental-functions``.
        labels: What it does to the labels of its series.
        example: Its arguments as they usually look.
    """

    name: str
    arguments: tuple[ValueType, ...]
    returns: ValueType = _VECTOR
    optional: int = 0
    repeats: bool = False
    since: str = ""
    until: str = ""
    instead: str = ""
    experimental: bool = False
    labels: LabelEffect = LabelEffect.DROPS_NAME
    example: str = ""


@dataclass(frozen=True, slots=True)
class Aggregator:
    """An aggregation's signature.

    Attributes:
        name: Its name.
        parameter: The type of the argument in front of the series; None where there is none.
        since: The Prometheus version that has it first; empty for those that every 2.x has.
        experimental: Whether the server needs ``--enable-feature=promql-experimental-functions``.
        keeps_series: Whether it picks series, with all their labels, instead of making new ones.
        example: Its arguments as they usually look.
    """

    name: str
    parameter: ValueType | None = None
    since: str = ""
    experimental: bool = False
    keeps_series: bool = False
    example: str = "metric"


def _of_vector(names: str, *, since: str = "") -> tuple[Function, ...]:
    return tuple(Function(name, (_VECTOR,), since=since, example="metric") for name in names.split())


def _of_window(names: str, *, since: str = "", experimental: bool = False) -> tuple[Function, ...]:
    return tuple(
        Function(name, (_MATRIX,), since=since, experimental=experimental, example="metric[5m]")
        for name in names.split()
    )


def _of_date(names: str, *, since: str = "") -> tuple[Function, ...]:
    return tuple(
        Function(name, (_VECTOR,), optional=1, since=since, example="metric") for name in names.split()
    )


def _of_query(names: str) -> tuple[Function, ...]:
    return tuple(
        Function(name, (), _SCALAR, since="3.9", experimental=True, labels=LabelEffect.NONE)
        for name in names.split()
    )


_ALL = (
    *_of_vector("abs ceil exp floor ln log10 log2 sqrt timestamp"),
    *_of_vector("acos acosh asin asinh atan atanh cos cosh deg rad sin sinh tan tanh", since="2.31"),
    *_of_vector("sgn", since="2.26"),
    *_of_vector("histogram_count histogram_sum", since="2.40"),
    *_of_vector("histogram_stddev histogram_stdvar", since="2.47"),
    *_of_vector("histogram_avg", since="2.51"),
    *_of_window("avg_over_time count_over_time max_over_time min_over_time stddev_over_time stdvar_over_time"),
    *_of_window("changes delta deriv idelta increase irate rate resets sum_over_time"),
    *_of_window("present_over_time", since="2.29"),
    *_of_window("mad_over_time", since="2.49", experimental=True),
    *_of_window("ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time", since="3.5", experimental=True),
    *_of_window("ts_of_first_over_time", since="3.7", experimental=True),
    *_of_date("day_of_month day_of_week days_in_month hour minute month year"),
    *_of_date("day_of_year", since="2.40"),
    *_of_query("start end step range"),
    Function(
        "first_over_time", (_MATRIX,), since="3.7", experimental=True, labels=LabelEffect.KEEPS,
        example="metric[5m]",
    ),
    Function("last_over_time", (_MATRIX,), since="2.26", labels=LabelEffect.KEEPS, example="metric[5m]"),
    Function("absent", (_VECTOR,), labels=LabelEffect.OF_MATCHERS, example="metric"),
    Function("absent_over_time", (_MATRIX,), labels=LabelEffect.OF_MATCHERS, example="metric[5m]"),
    Function("clamp", (_VECTOR, _SCALAR, _SCALAR), since="2.26", example="metric, 0, 1"),
    Function("clamp_max", (_VECTOR, _SCALAR), example="metric, 1"),
    Function("clamp_min", (_VECTOR, _SCALAR), example="metric, 0"),
    Function("round", (_VECTOR, _SCALAR), optional=1, example="metric, 0.01"),
    Function("scalar", (_VECTOR,), _SCALAR, labels=LabelEffect.NONE, example="metric"),
    Function("vector", (_SCALAR,), labels=LabelEffect.NONE, example="0"),
    Function("time", (), _SCALAR, labels=LabelEffect.NONE),
    Function("pi", (), _SCALAR, since="2.31", labels=LabelEffect.NONE),
    Function(
        "max_of", (_SCALAR, _SCALAR), _SCALAR, since="3.11", experimental=True, labels=LabelEffect.NONE,
        example="1, 2",
    ),
    Function(
        "min_of", (_SCALAR, _SCALAR), _SCALAR, since="3.11", experimental=True, labels=LabelEffect.NONE,
        example="1, 2",
    ),
    Function("sort", (_VECTOR,), labels=LabelEffect.KEEPS, example="metric"),
    Function("sort_desc", (_VECTOR,), labels=LabelEffect.KEEPS, example="metric"),
    Function(
        "sort_by_label", (_VECTOR, _STRING), repeats=True, since="2.49", experimental=True,
        labels=LabelEffect.KEEPS, example='metric, "label"',
    ),
    Function(
        "sort_by_label_desc", (_VECTOR, _STRING), repeats=True, since="2.49", experimental=True,
        labels=LabelEffect.KEEPS, example='metric, "label"',
    ),
    Function("predict_linear", (_MATRIX, _SCALAR), example="metric[1h], 3600"),
    Function("quantile_over_time", (_SCALAR, _MATRIX), example="0.95, metric[5m]"),
    Function(
        "holt_winters", (_MATRIX, _SCALAR, _SCALAR), until="3.0", instead="double_exponential_smoothing",
        example="metric[1h], 0.3, 0.3",
    ),
    Function(
        "double_exponential_smoothing", (_MATRIX, _SCALAR, _SCALAR), since="3.0", experimental=True,
        example="metric[1h], 0.3, 0.3",
    ),
    Function(
        "histogram_quantile", (_SCALAR, _VECTOR), labels=LabelEffect.DROPS_BUCKETS,
        example="0.95, sum by (le) (rate(metric_bucket[5m]))",
    ),
    Function(
        "histogram_quantiles", (_VECTOR, _STRING, _SCALAR, _SCALAR), repeats=True, since="3.10", experimental=True,
        labels=LabelEffect.ADDS, example='rate(metric_bucket[5m]), "quantile", 0.5, 0.95',
    ),
    Function(
        "histogram_fraction", (_SCALAR, _SCALAR, _VECTOR), since="2.40", labels=LabelEffect.DROPS_BUCKETS,
        example="0, 0.2, rate(metric[5m])",
    ),
    Function(
        "label_join", (_VECTOR, _STRING, _STRING, _STRING), repeats=True, labels=LabelEffect.SETS,
        example='metric, "new", ",", "one", "two"',
    ),
    Function(
        "label_replace", (_VECTOR, _STRING, _STRING, _STRING, _STRING), labels=LabelEffect.SETS,
        example='metric, "new", "$1", "old", "(.*)"',
    ),
    Function(
        "info", (_VECTOR, _VECTOR), optional=1, since="3.0", experimental=True, labels=LabelEffect.ADDS,
        example='metric, {label="value"}',
    ),
)  # fmt: skip

FUNCTIONS: Mapping[str, Function] = MappingProxyType({function.name: function for function in _ALL})
"""Every function by its name, which is written in small letters only."""

AGGREGATORS: Mapping[str, Aggregator] = MappingProxyType(
    {
        aggregator.name: aggregator
        for aggregator in (
            *(Aggregator(name) for name in ("avg", "count", "group", "max", "min", "stddev", "stdvar", "sum")),
            Aggregator("topk", _SCALAR, keeps_series=True, example="5, metric"),
            Aggregator("bottomk", _SCALAR, keeps_series=True, example="5, metric"),
            Aggregator("quantile", _SCALAR, example="0.95, metric"),
            Aggregator("count_values", _STRING, example='"value", metric'),
            Aggregator(
                "limitk", _SCALAR, since="2.54", experimental=True, keeps_series=True, example="5, metric"
            ),
            Aggregator(
                "limit_ratio", _SCALAR, since="2.54", experimental=True, keeps_series=True,
                example="0.1, metric",
            ),
        )
    }
)  # fmt: skip
"""Every aggregation by its name, in small letters; a query may write it in any."""
