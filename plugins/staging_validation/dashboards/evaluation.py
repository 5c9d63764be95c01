"""Evaluates a dashboard live: every target must answer, with data, and with numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from staging_validation.dashboards.expansion import DEFAULT_SETTINGS, ExpansionSettings, expand_target
from staging_validation.dashboards.model import Dashboard, Panel, Target, TargetKind
from staging_validation.errors import StagingValidationError
from staging_validation.results import CheckResult, Kind, Outcome

if TYPE_CHECKING:
    from staging_validation.telemetry import Sample

Query = Callable[[str], "Sequence[Sample]"]
"""Evaluates a PromQL expression at the time of the evaluation; raises the package's errors."""

CRITICAL_PANELS: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "billing-metrics": MappingProxyType(
            {
                1: "Subscription Creation Rate",
                2: "Payment Success Rate",
                3: "Revenue by Plan",
                6: "Customer Conversion Funnel",
            }
        )
    }
)
"""Panels that a dashboard must have, by its uid (the platform contract)."""

_WITHOUT_DATA = frozenset({"text", "news", "dashlist", "alertlist", "annolist", "welcome"})
"""Panel types that show no query."""

_SHOWN = 5
_EXPECTED = "data, all of it finite numbers"


def evaluate_dashboard(
    dashboard: Dashboard, query: Query, *, settings: ExpansionSettings = DEFAULT_SETTINGS
) -> list[CheckResult]:
    """Evaluate every target of a dashboard with its variables replaced.

    Args:
        dashboard: The dashboard.
        query: Evaluates an expression. Give it one fixed time, so that all panels show the same moment.
        settings: What a browser would add to the queries.

    Returns:
        One result for each target (hidden ones, and those of other data sources, are skipped with the reason),
        one for each panel without any, and one for the panels that must be there. A dashboard that leaves
        nothing to evaluate has failed.
    """
    results = _critical_panels(dashboard)
    for panel in dashboard.panels:
        results.extend(_panel_results(dashboard, panel, query, settings))
    if all(result.outcome is Outcome.SKIPPED for result in results):
        results.append(
            CheckResult(
                id=f"dashboard.{_part(dashboard.uid)}.evaluated",
                kind=Kind.DASHBOARD,
                subject=dashboard.title,
                outcome=Outcome.FAILED,
                expected="at least one query to evaluate",
                actual="none",
                where=dashboard.path,
                remedy="give the dashboard a panel with a Prometheus query",
            )
        )
    return results


def _critical_panels(dashboard: Dashboard) -> list[CheckResult]:
    needed = CRITICAL_PANELS.get(dashboard.uid)
    if needed is None:
        return []
    there = {panel.id for panel in dashboard.panels}
    complete = there >= needed.keys()
    return [
        CheckResult.compare(
            id=f"dashboard.{_part(dashboard.uid)}.critical_panels",
            kind=Kind.DASHBOARD,
            subject=f"Critical panels of {dashboard.title}",
            expected=[f"{number}: {title}" for number, title in needed.items()],
            actual=[f"{number}: {title}" for number, title in needed.items() if number in there],
            where=f"{dashboard.path}#/panels",
            remedy=None if complete else "restore the missing panel with its former id",
        )
    ]


def _panel_results(
    dashboard: Dashboard, panel: Panel, query: Query, settings: ExpansionSettings
) -> list[CheckResult]:
    if panel.targets:
        return [_target_result(dashboard, panel, target, query, settings) for target in panel.targets]
    fields = _fields(dashboard, panel, "none")
    if panel.library is not None:
        return [_skipped(fields, f"its queries are those of the library panel {panel.library.name!r}")]
    if panel.type in _WITHOUT_DATA:
        return [_skipped(fields, f"a panel of type {panel.type} has no query")]
    return [
        CheckResult(
            outcome=Outcome.FAILED,
            expected=_EXPECTED,
            actual="the panel has no query",
            remedy="give the panel a query, or remove it",
            **fields,
        )
    ]


def _target_result(
    dashboard: Dashboard, panel: Panel, target: Target, query: Query, settings: ExpansionSettings
) -> CheckResult:
    fields = _fields(dashboard, panel, target.ref_id)
    if target.hidden:
        return _skipped(fields, "the panel hides this query")
    if target.kind is not TargetKind.PROMQL:
        kind = (
            f"is of type {target.datasource_type}"
            if target.datasource_type
            else "has a query language of its own"
        )
        return _skipped(fields, f"its data source {kind}, not Prometheus")
    evidence: dict[str, JsonValue] = {"query": target.expr}
    try:
        if not target.expr.strip():
            return CheckResult(
                outcome=Outcome.FAILED, expected=_EXPECTED, actual="the query is empty", **fields
            )
        evidence["query"] = expanded = expand_target(target, panel, dashboard, settings=settings)
        samples = query(expanded)
    except StagingValidationError as error:
        return CheckResult.from_error(error, expected=_EXPECTED, evidence=evidence, **fields)
    return _judged(samples, fields, evidence)


def _judged(samples: Sequence[Sample], fields: dict[str, Any], evidence: dict[str, JsonValue]) -> CheckResult:
    bad = [sample for sample in samples if not math.isfinite(sample.value)]
    # The numbers that are wrong come first: they are what the reader looks for.
    shown = [*bad, *(sample for sample in samples if math.isfinite(sample.value))][:_SHOWN]
    evidence["series"] = len(samples)
    evidence["values"] = [
        {"series": sample.series or "{}", "value": _number(sample.value)} for sample in shown
    ]
    if not samples:
        actual = "no data"
        remedy = "check that the query's metrics and label values are emitted, and that its window holds two scrapes"
    elif bad:
        actual = f"{len(bad)} of {len(samples)} series are NaN or infinite"
        remedy = "keep the query from dividing by zero, for example with `/ (… > 0)`"
    else:
        return CheckResult(
            outcome=Outcome.PASSED,
            expected=_EXPECTED,
            actual=f"{len(samples)} series",
            evidence=evidence,
            **fields,
        )
    return CheckResult(
        outcome=Outcome.FAILED, expected=_EXPECTED, actual=actual, evidence=evidence, remedy=remedy, **fields
    )


def _fields(dashboard: Dashboard, panel: Panel, ref_id: str) -> dict[str, Any]:
    return {
        "id": f"dashboard.{_part(dashboard.uid)}.panel_{panel.id}_{_part(ref_id)}",
        "kind": Kind.DASHBOARD,
        "subject": f"Panel {panel.id} {panel.title}, query {ref_id}",
        "where": f"{dashboard.path}#{panel.pointer}",
    }


def _skipped(fields: dict[str, Any], reason: str) -> CheckResult:
    return CheckResult(outcome=Outcome.SKIPPED, evidence={"reason": reason}, **fields)


def _part(text: str) -> str:
    """Make a part of a result's id out of a uid or a refId."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower()) or "_"


def _number(value: float) -> float | str:
    """JSON has no NaN and no infinity."""
    return value if math.isfinite(value) else str(value)
