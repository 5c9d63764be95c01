"""What a rule is: one kind of defect, the subject it is looked for in, and the function that looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from staging_validation.lint.finding import Severity

if TYPE_CHECKING:
    from pydantic import JsonValue

    from staging_validation.lint.context import Context
    from staging_validation.promql.tree import Span


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found wrong with its subject.

    Attributes:
        message: What is wrong and what it does to the reader; names the thing.
        remedy: What to write instead.
        pointer: The wrong piece of the file as a JSON pointer; None for the subject itself.
        span: The wrong piece of the query, in the text as it stands in the file (:meth:`Query.original`).
        evidence: What supports it.
        severity: Where it differs from the rule's.
        line: Its line, where no pointer leads there: in a file that cannot be read.
        file: The file, where the subject is all files.
        ref_id: The query of a panel that it is about, where the subject is the panel.
        expr: That query's text, where ``span`` is a piece of it and the subject is no query itself.
    """

    message: str
    remedy: str
    pointer: str | None = None
    span: Span | None = None
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)
    severity: Severity | None = None
    line: int | None = None
    file: str | None = None
    ref_id: str | None = None
    expr: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of defect.

    Attributes:
        id: Its stable name: ``quantile-without-le``; its module, test and page are named alike.
        summary: What it finds, in one sentence.
        severity: How much a finding weighs, unless the fault says otherwise.
        subject: What it looks at: ``FileSet``, ``DashboardFile``, ``AlertsFile``, ``Dashboard``, ``Panel``,
            ``Target``, ``Variable``, ``Annotation``, ``Query``, ``RuleFile``, ``AlertingRule`` or
            ``RecordingRule``; several in a tuple.
        check: Yields what is wrong with one subject.
        classes: The defect classes that it covers.
        style: Whether it is a matter of taste; such a rule is off until the configuration enables it.
        needs_catalogue: Whether it needs known metrics; without them it is skipped, and that is counted.
    """

    id: str
    summary: str
    severity: Severity
    subject: type | tuple[type, ...]
    check: Callable[[Any, Context], Iterable[Fault]]
    classes: tuple[str, ...]
    style: bool = False
    needs_catalogue: bool = False

    @property
    def subjects(self) -> tuple[type, ...]:
        """The kinds of subjects that it looks at."""
        return self.subject if isinstance(self.subject, tuple) else (self.subject,)

    @property
    def page(self) -> str:
        """Its page in the documentation."""
        return f"docs/rules/{self.id}.md"
