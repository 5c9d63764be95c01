"""What a Go template in an alert may use (Prometheus documentation, template reference)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """What a value in a template is, as far as it is known without running it."""

    DATA = "the alert's data"
    LABELS = "the alert's labels"
    EXTERNAL_LABELS = "the server's labels"
    NUMBER = "a number with a fraction"
    TEXT = "a text"
    SAMPLES = "the result of a query"
    SAMPLE = "one sample of a query"
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class TemplateFunction:
    """A function that templates may call.

    Attributes:
        fewest: The fewest arguments, the piped one included.
        most: The most arguments; None for any number.
        result: What it returns.
    """

    fewest: int
    most: int | None
    result: Kind


def _functions(fewest: int, most: int | None, result: Kind, *names: str) -> dict[str, TemplateFunction]:
    return dict.fromkeys(names, TemplateFunction(fewest, most, result))


FUNCTIONS: dict[str, TemplateFunction] = {
    **_functions(
        1, 1, Kind.TEXT,
        "humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp", "title",
        "toUpper", "toLower", "stripPort", "stripDomain", "graphLink", "tableLink", "strvalue", "safeHtml",
        "urlQueryEscape",
    ),
    **_functions(2, 2, Kind.TEXT, "label"),
    **_functions(3, 3, Kind.TEXT, "reReplaceAll"),
    **_functions(2, 2, Kind.OTHER, "match", "tmpl", "sortByLabel", "ne", "le", "lt", "ge", "gt"),
    **_functions(1, 1, Kind.NUMBER, "value", "parseDuration"),
    **_functions(1, 1, Kind.SAMPLES, "query"),
    **_functions(1, 1, Kind.SAMPLE, "first"),
    **_functions(1, 1, Kind.OTHER, "toTime", "toDuration", "not", "len"),
    **_functions(0, 0, Kind.TEXT, "pathPrefix", "externalURL"),
    **_functions(0, 0, Kind.NUMBER, "now"),
    **_functions(0, None, Kind.OTHER, "args"),
    **_functions(0, None, Kind.TEXT, "print", "println", "html", "js", "urlquery"),
    **_functions(1, None, Kind.TEXT, "printf"),
    **_functions(1, None, Kind.OTHER, "and", "or", "index", "slice", "call"),
    **_functions(2, None, Kind.OTHER, "eq"),
}  # fmt: skip
"""Every function, by name."""

VARIABLES: dict[str, Kind] = {
    "$": Kind.DATA,
    "$labels": Kind.LABELS,
    "$externalLabels": Kind.EXTERNAL_LABELS,
    "$externalURL": Kind.TEXT,
    "$value": Kind.NUMBER,
}
"""The variables that Prometheus declares before every template."""

DATA_FIELDS: dict[str, Kind] = {
    "Labels": Kind.LABELS,
    "ExternalLabels": Kind.EXTERNAL_LABELS,
    "ExternalURL": Kind.TEXT,
    "Value": Kind.NUMBER,
}
"""The fields of what the dot is at the beginning."""

SAMPLE_FIELDS: dict[str, Kind] = {"Labels": Kind.OTHER, "Value": Kind.NUMBER}
"""The fields of one sample of a query; its labels are not the alert's."""

NUMERIC_FUNCTIONS = frozenset(
    {
        "humanize",
        "humanize1024",
        "humanizeDuration",
        "humanizePercentage",
        "humanizeTimestamp",
        "toTime",
        "toDuration",
    }
)
"""Functions that need a number, or a text that is one."""

ELSEWHERE = frozenset(
    {
        "add",
        "sub",
        "mul",
        "div",
        "mod",
        "round",
        "float64",
        "int",
        "default",
        "replace",
        "trim",
        "lower",
        "upper",
    }
)
"""Functions of Sprig, which Helm and Grafana know and Prometheus does not."""
