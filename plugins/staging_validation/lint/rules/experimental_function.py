"""Not every Prometheus knows every function."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context, Version
from staging_validation.lint.finding import Severity
from staging_validation.lint.query import Query
from staging_validation.lint.query_facts import pieces
from staging_validation.lint.rule import Fault, Rule
from staging_validation.promql.functions import AGGREGATORS, FUNCTIONS, Aggregator, Function
from staging_validation.promql.tree import Aggregation, Call, Name


def _check(query: Query, context: Context) -> Iterator[Fault]:
    version = context.settings.target_prometheus
    for call in pieces(query, Call):
        function = FUNCTIONS.get(call.function.text)
        if function is not None and (function.since or function.until):
            yield from _look(query, call.function, function, version)
    for aggregation in pieces(query, Aggregation):
        aggregator = AGGREGATORS.get(aggregation.operator.text)
        if aggregator is not None and aggregator.since:
            yield from _look(query, aggregation.operator, aggregator, version)


def _look(query: Query, name: Name, signature: Function | Aggregator, version: Version) -> Iterator[Fault]:
    until = signature.until if isinstance(signature, Function) else ""
    instead = signature.instead if isinstance(signature, Function) else ""
    target = ".".join(map(str, version))
    message, remedy = "", ""
    if until and version >= _version(until):
        message = (
            f"{name.text}() is gone since Prometheus {until}; the queries are meant for {target}, which "
            "refuses it."
        )
        remedy = (
            f"write {instead}(), or target an older Prometheus" if instead else "calculate it differently"
        )
    elif signature.since and version < _version(signature.since):
        message = (
            f"{name.text}() is new in Prometheus {signature.since}; the queries are meant for {target}, which "
            "refuses it."
        )
        remedy = "calculate it differently, or say which Prometheus it is (prometheus: in the configuration)"
    elif signature.experimental:
        message = f"{name.text}() is experimental: a Prometheus as it comes refuses it, and it may change."
        remedy = "start Prometheus with --enable-feature=promql-experimental-functions, or calculate it differently"
    if message:
        yield Fault(
            message,
            remedy,
            span=query.original(name.span),
            evidence={"function": name.text, "since": signature.since or None, "until": until or None},
        )


def _version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return int(major), int(minor or 0)


RULE = Rule(
    id="experimental-function",
    summary="A function is experimental, or the targeted Prometheus does not have it.",
    severity=Severity.WARNING,
    subject=Query,
    check=_check,
    classes=("D23",),
)
