"""Makes findings of faults: adds the place that the subject stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from staging_validation.lint.context import AlertsFile, Context, DashboardFile
from staging_validation.lint.finding import Finding, Severity
from staging_validation.lint.query import Query
from staging_validation.promql.tree import Span

if TYPE_CHECKING:
    from staging_validation.lint.rule import Fault, Rule


def located(rule: Rule, fault: Fault, subject: Any, context: Context, severity: Severity) -> Finding:
    """Return the finding that a fault stands for.

    Args:
        rule: The rule.
        fault: What it found.
        subject: What it looked at.
        context: Where that stands.
        severity: How much the rule's findings weigh, unless the fault says otherwise.
    """
    file = _file(fault, context)
    pointer = _pointer(subject, context) if fault.pointer is None else fault.pointer
    query = _query(fault, subject, context)
    target = query.owner.target if query is not None else context.target
    expr = query.text if query is not None else fault.expr
    return Finding(
        rule=rule.id,
        severity=fault.severity or severity,
        file=fault.file or (file.path if file else ""),
        message=fault.message,
        remedy=fault.remedy,
        pointer=pointer,
        line=fault.line or (line_of(file, pointer) if file else 1),
        dashboard=_whole(context),
        panel_id=context.panel.id if context.panel else None,
        panel=_part(context),
        ref_id=fault.ref_id or (target.ref_id if target else None),
        expr=expr,
        span=_inside(fault.span, expr),
        evidence=dict(fault.evidence),
    )


def line_of(file: DashboardFile | AlertsFile, pointer: str) -> int:
    """Return the line that a place of a file stands on, or the nearest place above it that the file has."""
    if isinstance(file, AlertsFile):
        return file.rules.line(pointer)
    return file.reading.position(pointer).line


def _file(fault: Fault, context: Context) -> DashboardFile | AlertsFile | None:
    if fault.file is None:
        return context.file
    return next((file for file in context.files.files if file.path == fault.file), None)


def _pointer(subject: Any, context: Context) -> str:
    pointer = getattr(subject, "pointer", None)
    if pointer is None and context.dashboard is not None and subject is context.dashboard:
        pointer = context.dashboard.body
    return pointer or ""


def _query(fault: Fault, subject: Any, context: Context) -> Query | None:
    """Return the query that a fault is about, if it is about one."""
    if isinstance(subject, Query):
        return subject
    if context.query is not None:
        return context.query
    if fault.ref_id is None:
        return None
    targets = ((query, query.owner.target) for query in context.queries)
    return next((query for query, target in targets if target and target.ref_id == fault.ref_id), None)


def _whole(context: Context) -> str | None:
    if context.dashboard is not None:
        return context.dashboard.title
    return context.rule_group.name if context.rule_group else None


def _part(context: Context) -> str | None:
    if context.panel is not None:
        return context.panel.title
    return context.alert.name if context.alert else None


def _inside(span: Span | None, expr: str | None) -> Span | None:
    if span is None or expr is None:
        return None
    return Span(max(0, min(span.start, len(expr))), max(0, min(span.end, len(expr))))
