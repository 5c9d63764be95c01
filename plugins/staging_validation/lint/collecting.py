"""Collects the PromQL queries of a file; equal expressions are analysed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from staging_validation.alerts.model import AlertingRule
from staging_validation.dashboards.expansion import DEFAULT_SETTINGS, ExpansionSettings
from staging_validation.dashboards.expansion_static import expand_statically
from staging_validation.dashboards.model import (
    PROMETHEUS_TYPES,
    Annotation,
    Dashboard,
    Panel,
    Target,
    TargetKind,
    Variable,
)
from staging_validation.lint.analysis import Analysis
from staging_validation.lint.query import Expansion, Owner, Query, QueryKind
from staging_validation.lint.variable_query import VariableForm, read_variable_query
from staging_validation.promql.tree import Span

if TYPE_CHECKING:
    from staging_validation.alerts.model import RuleFile
    from staging_validation.promql.known import KnownMetrics


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text without variables: rule files have none."""

    text: str
    uses: tuple[()] = ()
    unknown: tuple[()] = ()
    opaque: bool = False

    def original(self, span: Span) -> Span:
        """Return the piece itself."""
        return span


class QueryCollector:
    """Collects queries.

    Args:
        known: The known metrics; None where there are none.
        expansion: What a browser would add to queries with variables.
    """

    def __init__(
        self, known: KnownMetrics | None, *, expansion: ExpansionSettings = DEFAULT_SETTINGS
    ) -> None:
        self._known = known
        self._settings = expansion
        self._analyses: dict[tuple[str, bool], Analysis] = {}

    def dashboard_queries(self, dashboard: Dashboard) -> Iterator[Query]:
        """Yield the PromQL queries of a dashboard: of its panels (hidden ones too), variables and annotations."""
        for panel in dashboard.panels:
            for target in panel.targets:
                if target.kind is TargetKind.PROMQL and target.expr.strip():
                    yield self._target(dashboard, panel, target)
        for variable in dashboard.all_variables:
            query = self._variable(dashboard, variable)
            if query is not None:
                yield query
        for annotation in dashboard.annotations:
            if annotation.kind is TargetKind.PROMQL and annotation.expr.strip():
                yield self._annotation(dashboard, annotation)

    def rule_queries(self, file: RuleFile) -> Iterator[Query]:
        """Yield the queries of a rule file."""
        for _, rule in file.rules():
            if rule.expr.strip():
                yield self._query(
                    rule.expr,
                    _Plain(rule.expr),
                    kind=QueryKind.ALERT if isinstance(rule, AlertingRule) else QueryKind.RECORD,
                    pointer=rule.expr_pointer,
                    owner=Owner(alert=rule),
                )

    def _target(self, dashboard: Dashboard, panel: Panel, target: Target) -> Query:
        return self._query(
            target.expr,
            expand_statically(target.expr, dashboard, panel, target, settings=self._settings),
            kind=QueryKind.TARGET,
            pointer=target.expr_pointer,
            owner=Owner(panel=panel, target=target),
            range_query=target.range_query,
        )

    def _variable(self, dashboard: Dashboard, variable: Variable) -> Query | None:
        if variable.type != "query" or variable.datasource_type not in ("", *PROMETHEUS_TYPES):
            return None
        inside = read_variable_query(variable.query)
        if not inside.is_promql or (inside.form is VariableForm.SERIES and not variable.datasource_type):
            return None
        return self._query(
            variable.query,
            expand_statically(inside.expr, dashboard, settings=self._settings),
            kind=QueryKind.VARIABLE,
            pointer=variable.query_pointer,
            owner=Owner(variable=variable),
            offset=inside.offset,
        )

    def _annotation(self, dashboard: Dashboard, annotation: Annotation) -> Query:
        return self._query(
            annotation.expr,
            expand_statically(annotation.expr, dashboard, settings=self._settings),
            kind=QueryKind.ANNOTATION,
            pointer=annotation.expr_pointer,
            owner=Owner(annotation=annotation),
            range_query=True,
        )

    def _query(
        self,
        text: str,
        expansion: Expansion,
        *,
        kind: QueryKind,
        pointer: str,
        owner: Owner,
        range_query: bool = False,
        offset: int = 0,
    ) -> Query:
        key = (expansion.text, expansion.opaque)
        analysis = self._analyses.get(key)
        if analysis is None:
            analysis = self._analyses[key] = Analysis(expansion.text, self._known, opaque=expansion.opaque)
        return Query(
            text,
            kind=kind,
            pointer=pointer,
            owner=owner,
            expansion=expansion,
            analysis=analysis,
            range_query=range_query,
            offset=offset,
        )
