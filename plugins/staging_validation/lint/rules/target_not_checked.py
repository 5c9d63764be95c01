"""A query in another language is not checked; the reader of the result must know that."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Target, TargetKind
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_OF_GRAFANA_ITSELF = frozenset({"datasource", "grafana"})
"""Results of other panels, which are checked there, and random numbers."""


def _check(target: Target, context: Context) -> Iterator[Fault]:
    if target.kind is TargetKind.OTHER and target.datasource_type not in _OF_GRAFANA_ITSELF:
        of = target.datasource_type or "an unknown type"
        yield Fault(
            f"The query {target.ref_id} asks a data source of {of}, which is no Prometheus: it is not checked.",
            "check it where its language is known",
            pointer=target.pointer,
            evidence={"reason": "no PromQL", "type": target.datasource_type},
        )
    elif context.query is not None and context.query.opaque:
        yield Fault(
            f"A variable decides over the structure of the query {target.ref_id}: without its value it is not checked.",
            "let variables stand for values, labels and durations, and write functions and expressions out",
            pointer=target.expr_pointer,
            evidence={"reason": "a variable decides over its structure"},
        )


RULE = Rule(
    id="target-not-checked",
    summary="A query is not checked: it is no PromQL, or a variable decides over its structure.",
    severity=Severity.INFO,
    subject=Target,
    check=_check,
    classes=("D28",),
)
