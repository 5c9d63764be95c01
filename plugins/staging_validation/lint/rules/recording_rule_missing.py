"""A metric named like a:recorded:one exists only where a rule records it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.rule import Fault, Rule
from staging_validation.lint.rule_facts import recorded_names
from staging_validation.promql.known import STAND_IN, metric_name
from staging_validation.promql.tree import VectorSelector


def _check(query: Query, context: Context) -> Iterator[Fault]:
    wanted = [
        (name, selector)
        for selector in query.pieces(VectorSelector)
        if (name := metric_name(selector)) and ":" in name.strip(":") and STAND_IN not in name
    ]
    if not wanted:
        return
    recorded = recorded_names(context.files)
    if not recorded:
        return  # the rules are somewhere else
    for name, selector in wanted:
        if name in recorded or (context.known is not None and context.known.of_series(name)):
            continue
        near = difflib.get_close_matches(name, sorted(recorded), n=1, cutoff=0.85)
        yield Fault(
            f"{name} is named like a recorded metric, but no rule in the checked files records it, so the query finds "
            "nothing.",
            f"did you mean {near[0]}?" if near else "add the rule that records it, or check its file too",
            span=query.original(selector.metric.span if selector.metric else selector.span),
            evidence={"recorded": len(recorded)},
            severity=None if near else Severity.WARNING,
        )


RULE = Rule(
    id="recording-rule-missing",
    summary="A query reads a recorded metric that no rule records.",
    severity=Severity.ERROR,
    subject=Query,
    check=_check,
    classes=("D24",),
)
