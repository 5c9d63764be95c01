"""What the checks need of a rule file: its groups, its rules, and the place of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum


class RuleEnvelope(str, Enum):
    """What a YAML file is that might hold rules."""

    PROMETHEUS = "Prometheus rule file"
    OPERATOR = "PrometheusRule of the Prometheus operator"
    RULE_TESTS = "rule tests of promtool"
    GRAFANA_MANAGED = "rules that Grafana evaluates itself"
    OTHER = "no rule file"

    @property
    def holds_rules(self) -> bool:
        """Whether Prometheus evaluates what such a file holds."""
        return self in (RuleEnvelope.PROMETHEUS, RuleEnvelope.OPERATOR)


class ProblemKind(str, Enum):
    """At which step of reading a file something turned out wrong."""

    SYNTAX = "syntax"
    ENVELOPE = "envelope"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """Something wrong in a rule file.

    Attributes:
        kind: The step at which it shows.
        message: What is wrong, and what it does.
        remedy: What to write instead.
        pointer: The wrong piece, as a JSON pointer; empty for the whole file.
        line: Its line, counted from 1.
        refused: Whether Prometheus refuses the whole file because of it.
    """

    kind: ProblemKind
    message: str
    remedy: str
    pointer: str
    line: int
    refused: bool = True


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """A rule that raises an alert for each series its query finds.

    Attributes:
        alert: The alert's name.
        expr: Its query, as written.
        pointer: Where it stands in the file, as a JSON pointer: ``/groups/0/rules/3``.
        line: The line it begins on.
        for_seconds: How long the query must find a series before its alert fires.
        keep_firing_for_seconds: How long the alert goes on firing after the query finds the series no more.
        labels: The labels it adds; their values are Go templates. Those of the group are not among them.
        annotations: Its annotations; their values are Go templates.
    """

    alert: str
    expr: str
    pointer: str
    line: int
    for_seconds: float = 0.0
    keep_firing_for_seconds: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call the rule."""
        return self.alert

    @property
    def expr_pointer(self) -> str:
        """Where the query stands."""
        return f"{self.pointer}/expr"


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """A rule that stores what its query finds as a metric of its own.

    Attributes:
        record: The metric's name.
        expr: Its query, as written.
        pointer: Where it stands in the file, as a JSON pointer.
        line: The line it begins on.
        labels: The labels it adds. Those of the group are not among them.
    """

    record: str
    expr: str
    pointer: str
    line: int
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call the rule."""
        return self.record

    @property
    def expr_pointer(self) -> str:
        """Where the query stands."""
        return f"{self.pointer}/expr"


Rule = AlertingRule | RecordingRule
"""Any rule."""


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated one after the other, at the same interval.

    Attributes:
        name: Its name, unique in the file.
        rules: Its rules, in the order of the file.
        pointer: Where it stands in the file, as a JSON pointer.
        line: The line it begins on.
        interval_seconds: How often it is evaluated; None for the server's own interval.
        query_offset_seconds: How far in the past its queries are evaluated.
        labels: The labels that it adds to every rule.
    """

    name: str
    rules: tuple[Rule, ...]
    pointer: str
    line: int
    interval_seconds: float | None = None
    query_offset_seconds: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file of rules, as far as it could be read.

    Attributes:
        path: The file, as messages name it.
        envelope: What it is.
        groups: Its groups; those and those rules of them that could not be read are left out.
        problems: What is wrong with it, in the order of the file.
        lines: The line of every place, by JSON pointer.
    """

    path: str
    envelope: RuleEnvelope
    groups: tuple[RuleGroup, ...] = ()
    problems: tuple[RuleProblem, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    def rules(self) -> Iterator[tuple[RuleGroup, Rule]]:
        """Yield every rule with its group."""
        for group in self.groups:
            for rule in group.rules:
                yield group, rule

    def line(self, pointer: str) -> int:
        """Return the line of a place, or of the nearest place above it that the file spells out."""
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1)
