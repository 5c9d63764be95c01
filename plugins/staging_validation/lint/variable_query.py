"""The queries of a dashboard's variables: PromQL inside of Grafana's own functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from staging_validation.promql.tree import Span


class VariableForm(str, Enum):
    """What a variable's query asks for (Grafana documentation, Prometheus template variables)."""

    LABEL_NAMES = "label_names"
    LABEL_VALUES = "label_values"
    METRICS = "metrics"
    QUERY_RESULT = "query_result"
    SERIES = "series"
    """No function: every series that a selector finds."""


@dataclass(frozen=True, slots=True)
class VariableQuery:
    """A variable's query in its parts.

    Attributes:
        form: What it asks for.
        expr: The PromQL inside; empty where there is none. Of ``metrics()`` it is a regular expression.
        offset: Where ``expr`` begins in the query.
        label: The label whose values are asked for.
        label_span: Its place in the query.
    """

    form: VariableForm
    expr: str
    offset: int
    label: str | None = None
    label_span: Span | None = None

    @property
    def is_promql(self) -> bool:
        """Whether :attr:`expr` is a PromQL expression."""
        return bool(self.expr.strip()) and self.form is not VariableForm.METRICS


_LABEL_VALUES = re.compile(
    r"\s*label_values\(\s*(?:(?P<expr>.+),)?\s*(?P<label>[\w$\[\]{}:.]+|\"[^\"]+\")\s*\)\s*\Z", re.DOTALL
)
_OTHERS = (
    (VariableForm.LABEL_NAMES, re.compile(r"\s*label_names\((?P<expr>.*)\)\s*\Z", re.DOTALL)),
    (VariableForm.METRICS, re.compile(r"\s*metrics\((?P<expr>.*)\)\s*\Z", re.DOTALL)),
    (VariableForm.QUERY_RESULT, re.compile(r"\s*query_result\((?P<expr>.*)\)\s*\Z", re.DOTALL)),
)


def read_variable_query(text: str) -> VariableQuery:
    """Take a variable's query apart.

    Args:
        text: The query as it stands in the file.

    Returns:
        Its parts. What is none of Grafana's functions is a selector whose series are listed.
    """
    found = _LABEL_VALUES.match(text)
    if found:
        expr, label = found["expr"] or "", found["label"]
        offset = found.start("expr") if expr else 0
        return VariableQuery(
            VariableForm.LABEL_VALUES, expr, offset, label.strip('"'), Span(*found.span("label"))
        )
    for form, pattern in _OTHERS:
        found = pattern.match(text)
        if found:
            return VariableQuery(form, found["expr"], found.start("expr"))
    return VariableQuery(VariableForm.SERIES, text, 0)
