"""Reads rule files as far as they can be read: what is wrong in one place does not hide what stands in another.

What Prometheus refuses is a problem here too (its ``rulefmt``, Prometheus documentation, recording rules).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from staging_validation.alerts.envelope import OPERATOR_KIND, classify, operator_specs
from staging_validation.alerts.fields import Fields
from staging_validation.alerts.groups import read_group
from staging_validation.alerts.model import ProblemKind, RuleEnvelope, RuleFile, RuleGroup, RuleProblem
from staging_validation.documents import Document, Place, read_document
from staging_validation.source_files import SourceFile

_TOP_KEYS = ("groups",)
_MIMIR_NAMESPACE = "namespace"
_SPEC_KEYS = ("groups",)
_TOP_REMEDIES = {
    "rules": "put the rules into a group: groups, with a name and the rules below it",
    "spec": f"add kind: {OPERATOR_KIND}, or take the groups out of it",
}
_PARTING = re.compile(r"^---(?:\s|$)", re.MULTILINE)
_SAID = re.compile(r"^[^\S\n]*[^\s#%]", re.MULTILINE)
"""A line that is no comment, no directive and not blank."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One YAML document of a file, read."""

    fields: Fields
    document: Document
    envelope: RuleEnvelope


def read_rules(file: SourceFile) -> RuleFile:
    """Read a rule file.

    Args:
        file: The file: groups of rules as Prometheus loads them, or resources of the Prometheus operator. Of the
            other files that lie beside them (rule tests, rules that Grafana evaluates) only the envelope is told.

    Returns:
        Everything that could be read, and every problem.
    """
    parts = _parts(file)
    if parts is None:
        return _unreadable(file)
    envelope = _envelope(parts)
    groups: list[RuleGroup] = []
    for number, part in enumerate(parts):
        if part.document.content is None or not part.envelope.holds_rules:
            continue
        if number and part.envelope is RuleEnvelope.PROMETHEUS:
            part.fields.report(
                (), "Prometheus reads only the first document of a file: these rules are never evaluated.",
                "move them into a file of their own", kind=ProblemKind.ENVELOPE, refused=False,
            )  # fmt: skip
        groups.extend(_groups(part))
    problems = [problem for part in parts for problem in part.fields.problems]
    if not problems and envelope is RuleEnvelope.OTHER:
        problems.append(_no_rules(parts))
    return RuleFile(
        path=file.path,
        envelope=envelope,
        groups=tuple(groups),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        lines={
            part.fields.pointer(place): part.fields.line(place)
            for part in parts
            for place in part.document.lines
        },
    )


def _parts(file: SourceFile) -> list[_Part] | None:
    """Return the file's YAML documents; None when they are nested too deeply."""
    texts = _documents(file.text)
    parts: list[_Part] = []
    for line, text in texts:
        try:
            document = read_document(SourceFile(file.path, text))
        except RecursionError:  # the parser descends once for each level
            return None
        fields = Fields(document, prefix=f"/{len(parts)}" if len(texts) > 1 else "", first_line=line)
        for problem in document.problems:
            fields.problems.append(_syntax(problem.line + line, problem.message))
        parts.append(_Part(fields, document, classify(document.content)))
    return parts


def _documents(text: str) -> list[tuple[int, str]]:
    """Return the documents that say something, each with the number of lines before it."""
    starts = [0, *(found.start() for found in _PARTING.finditer(text) if found.start())]
    found: list[tuple[int, str]] = []
    line = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        document = text[start:end]
        if _SAID.search(document.removeprefix("---")):
            found.append((line, document))
        line += document.count("\n")
    return found


def _envelope(parts: list[_Part]) -> RuleEnvelope:
    kinds = [part.envelope for part in parts if part.envelope is not RuleEnvelope.OTHER]
    return next((kind for kind in kinds if kind.holds_rules), kinds[0] if kinds else RuleEnvelope.OTHER)


def _groups(part: _Part) -> Iterator[RuleGroup]:
    """Yield the groups of a document; two of one name in one file are a problem."""
    fields = part.fields
    for place, body in _bodies(part):
        first: dict[str, int] = {}
        for below, value in fields.items(body, place, "groups"):
            group = read_group(fields, value, below, operator=part.envelope is RuleEnvelope.OPERATOR)
            if group is None:
                continue
            if group.name in first:
                fields.report(
                    (*below, "name"),
                    f"A group named {group.name!r} stands on line {first[group.name]} already, and Prometheus "
                    "refuses a file with two of one name.",
                    "give one of them another name, or join them",
                )
            first.setdefault(group.name, group.line)
            yield group


def _bodies(part: _Part) -> Iterator[tuple[Place, Mapping[Any, Any]]]:
    """Yield the mappings that hold groups, their own keys checked."""
    fields, content = part.fields, part.document.content
    if part.envelope is RuleEnvelope.PROMETHEUS:
        fields.unknown_keys(content, (), (*_TOP_KEYS, _MIMIR_NAMESPACE), _TOP_REMEDIES)
        yield (), content
        return
    for place, resource in operator_specs(content):
        if resource.get("kind") != OPERATOR_KIND:
            fields.report(
                (*place, "kind"),
                f"Groups of rules stand below spec, but kind is {resource.get('kind')!r}: nothing loads them.",
                f"write kind: {OPERATOR_KIND}",
                kind=ProblemKind.ENVELOPE,
            )
        spec = fields.mapping(resource.get("spec"), (*place, "spec"), "spec")
        if spec is not None:
            fields.unknown_keys(spec, (*place, "spec"), _SPEC_KEYS, {})
            yield (*place, "spec"), spec


def _syntax(line: int, message: str) -> RuleProblem:
    return RuleProblem(
        ProblemKind.SYNTAX,
        f"The YAML is wrong: {message.removeprefix('no valid YAML: ')}.",
        "correct it",
        pointer="",
        line=line,
    )


def _no_rules(parts: list[_Part]) -> RuleProblem:
    empty = not parts
    what = "The file is empty" if empty else "The file holds no groups of rules"
    return RuleProblem(
        ProblemKind.ENVELOPE,
        f"{what}: nothing is evaluated.",
        "begin it with groups, or leave it out of the check",
        pointer="",
        line=1,
        refused=not empty,
    )


def _unreadable(file: SourceFile) -> RuleFile:
    problem = RuleProblem(
        ProblemKind.SYNTAX, "The file is nested too deeply to be read.", "a rule file has six levels",
        pointer="", line=1,
    )  # fmt: skip
    return RuleFile(file.path, RuleEnvelope.OTHER, problems=(problem,))
