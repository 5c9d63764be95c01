"""Runs the checker over mutants, and says of each whether it was caught by the right rule at the right place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache

from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.finding import Finding, Severity
from staging_validation.lint.looking import Selection
from staging_validation.lint.registry import all_rules
from staging_validation.promql.known import KnownMetrics
from staging_validation.promql.tree import Span
from staging_validation.source_files import SourceFile
from tests.lint.mutation import (
    alerts,
    copies,
    coverage,
    fields,
    files,
    layout,
    panels,
    promql_labels,
    promql_metrics,
    promql_scrape,
    promql_time,
    rule_files,
    variables,
)
from tests.lint.mutation.controls import controls
from tests.lint.mutation.documents import has, parent
from tests.lint.mutation.mutant import Change, Control, Mutant, Operator, Place, mutants

MODULES = (
    files, layout, copies, panels, fields, variables, promql_metrics, promql_labels, promql_scrape, promql_time, alerts,
    rule_files, coverage,
)  # fmt: skip
OPERATORS: tuple[Operator, ...] = tuple(found for module in MODULES for found in module.OPERATORS)
RETENTION_SECONDS = 90 * 86_400.0


class Outcome(str, Enum):
    """What became of a mutant."""

    CAUGHT = "caught"
    ELSEWHERE = "right rule, wrong place"
    OTHERWISE = "found by other rules only"
    MISSED = "missed"


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant.

    Attributes:
        mutant: The mutant.
        outcome: Whether it was caught.
        findings: What was found that was not there before.
    """

    mutant: Mutant
    outcome: Outcome
    findings: tuple[Finding, ...]

    @property
    def others(self) -> frozenset[str]:
        """Errors and warnings of rules that were not asked for."""
        return frozenset(
            found.rule
            for found in self.findings
            if found.severity is not Severity.INFO and found.rule not in self.mutant.operator.rules
        )


@cache
def everything() -> Selection:
    """Every rule, those of taste too."""
    return Selection(all_rules())


def findings_of(texts: Mapping[str, str], known: KnownMetrics) -> tuple[Finding, ...]:
    """Check files with every rule."""
    sources = [SourceFile(name, text) for name, text in texts.items()]
    settings = Settings(known, retention_seconds=RETENTION_SECONDS)
    return lint(sources, settings, selection=everything()).findings


@cache
def clean(control: Control) -> frozenset[tuple[str, str]]:
    """Return what is found in a control as it is: rules and messages."""
    return frozenset(
        (found.rule, found.message) for found in findings_of({control.name: control.text}, control.known)
    )


def all_mutants(operators: Iterable[Operator] = OPERATORS) -> Iterator[Mutant]:
    """Yield every mutant of every control."""
    chosen = tuple(operators)
    for control in controls():
        yield from mutants(control, chosen)


def sample(each: int) -> tuple[Mutant, ...]:
    """Return some mutants of every operator, spread over all that it makes; the same every time.

    Args:
        each: How many of each operator at most.
    """
    made: dict[str, list[Mutant]] = {}
    for mutant in all_mutants():
        made.setdefault(mutant.operator.name, []).append(mutant)
    return tuple(
        found[position * len(found) // min(each, len(found))]
        for found in made.values()
        for position in range(min(each, len(found)))
    )


def judge(mutant: Mutant) -> Verdict:
    """Check a mutant."""
    before = clean(mutant.control)
    found = tuple(
        found
        for found in findings_of(mutant.files(), mutant.control.known)
        if (found.rule, found.message) not in before
    )
    right = [finding for finding in found if finding.rule in mutant.operator.rules]
    if any(covers(finding, place, mutant.change) for finding in right for place in mutant.change.places):
        outcome = Outcome.CAUGHT
    elif right:
        outcome = Outcome.ELSEWHERE
    else:
        outcome = Outcome.OTHERWISE if found else Outcome.MISSED
    return Verdict(mutant, outcome, found)


def covers(finding: Finding, place: Place, change: Change) -> bool:
    """Return whether a finding is at a place of a change."""
    if place.line is not None:
        return abs(finding.line - place.line) <= 1
    pointed = finding.pointer
    inside = pointed == place.pointer or pointed.startswith(f"{place.pointer}/")
    if not inside and (pointed != parent(place.pointer) or has(change.document, place.pointer)):
        return False
    if place.mark is None:
        return True
    return finding.span is not None and _marks(finding.span, place.mark, place.within)


def _marks(span: Span, mark: Span, within: Span | None) -> bool:
    overlaps = span.start <= mark.end and mark.start <= span.end
    return overlaps and (within is None or (within.start <= span.start and span.end <= within.end))
