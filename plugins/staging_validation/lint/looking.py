"""Looks at subjects: each is shown to every rule that looks at its kind. May be spread over processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from staging_validation.lint.context import AlertsFile, Context, DashboardFile, FileSet, Settings
from staging_validation.lint.finding import Finding, Severity
from staging_validation.lint.places import located
from staging_validation.lint.rule import Rule
from staging_validation.lint.subjects import Subject, subjects_of

_WORTH_SPREADING = 400
"""From this many queries on a second process saves more time than it takes."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules apply, and how much their findings weigh.

    Attributes:
        rules: The rules that apply.
        severities: Severities by rule id, where they differ from the rule's own.
    """

    rules: Sequence[Rule]
    severities: Mapping[str, Severity] = field(default_factory=dict)


class Found(NamedTuple):
    """What came of looking.

    Attributes:
        findings: The findings.
        not_looked_at: How many subjects each rule could not look at, by its id.
    """

    findings: list[Finding]
    not_looked_at: Counter[str]


Work = Callable[[], Found]
"""A part of the work: it changes nothing, so that it may be done anywhere."""

Spread = Callable[[Sequence[Work]], Sequence[Found]]
"""Does parts of the work, perhaps at the same time, and returns what came of each."""


class Looker:
    """Shows subjects to rules.

    Args:
        selection: Which rules apply.
        settings: What is known of the world around the files.

    Attributes:
        checked: The ids of the rules that could look.
    """

    def __init__(self, selection: Selection, settings: Settings) -> None:
        self._severities = selection.severities
        self._by_subject: dict[type, list[Rule]] = {}
        self._unable: dict[type, list[Rule]] = {}
        for rule in selection.rules:
            unable = rule.needs_catalogue and settings.known is None
            for kind in rule.subjects:
                (self._unable if unable else self._by_subject).setdefault(kind, []).append(rule)
        self.checked = frozenset(rule.id for rules in self._by_subject.values() for rule in rules)

    def look(self, subjects: Iterable[Subject]) -> Found:
        """Show subjects to every rule that looks at their kind."""
        found = Found([], Counter())
        for subject, context in subjects:
            kind = type(subject)
            found.findings.extend(self._findings(kind, subject, context))
            for rule in self._unable.get(kind, ()):
                found.not_looked_at[rule.id] += 1
        return found

    def look_everywhere(
        self,
        files: FileSet,
        everywhere: Context,
        *,
        others: Sequence[Subject] = (),
        spread: Spread | None = None,
    ) -> Found:
        """Look at everything that was read.

        Args:
            files: What was read.
            everywhere: The context of all files.
            others: Further subjects.
            spread: How to do two parts of the work at the same time; without it, and when there is little to
                do, all is done here.
        """
        alone = [(files, everywhere), *others]
        if spread is None or sum(len(file.queries) for file in files.files) < _WORTH_SPREADING:
            return self.look(chain(_within(files.files, everywhere), alone))
        first, second = _halves(files.files)
        parts = spread(
            (
                lambda: self.look(chain(_within(first, everywhere), alone)),
                partial(self.look, _within(second, everywhere)),
            )
        )
        counts: Counter[str] = Counter()
        for part in parts:
            counts.update(part.not_looked_at)
        return Found([finding for part in parts for finding in part.findings], counts)

    def _findings(self, kind: type, subject: Any, context: Context) -> Iterator[Finding]:
        for rule in self._by_subject.get(kind, ()):
            for fault in rule.check(subject, context):
                severity = self._severities.get(rule.id, rule.severity)
                yield located(rule, fault, subject, context, severity)


def _within(files: Iterable[DashboardFile | AlertsFile], everywhere: Context) -> Iterator[Subject]:
    for file in files:
        yield from subjects_of(file, everywhere)


def _halves(
    files: Sequence[DashboardFile | AlertsFile],
) -> tuple[list[DashboardFile | AlertsFile], list[DashboardFile | AlertsFile]]:
    """Deal files out so that both hands hold about the same number of queries."""
    first: list[DashboardFile | AlertsFile] = []
    second: list[DashboardFile | AlertsFile] = []
    ahead = 0
    for file in files:
        (second if ahead > 0 else first).append(file)
        ahead += -len(file.queries) if ahead > 0 else len(file.queries)
    return first, second
