"""The configuration of a check: ``.staging-validation-lint.yaml``."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Any

from staging_validation.dashboards.schema_accept import compile_schema
from staging_validation.errors import ConfigurationError
from staging_validation.lint.finding import Severity
from staging_validation.lint.looking import Selection
from staging_validation.lint.suppressions import Suppression
from staging_validation.promql.literals import read_duration

if TYPE_CHECKING:
    from jsonschema import ValidationError

    from staging_validation.documents import Document, Place
    from staging_validation.lint.context import Version
    from staging_validation.lint.rule import Rule
    from staging_validation.source_files import SourceFile

CONFIG_NAME = ".staging-validation-lint.yaml"
"""How the configuration's file is named."""

OFF = "off"
"""The severity that takes a rule out."""

_SHORTEST_REASON = 10
_REMEDY = "correct the file; docs/rules/README.md describes it"


@dataclass(frozen=True, slots=True)
class LintConfig:
    """What a configuration says.

    Attributes:
        path: Its file; empty for none.
        style: The style rules to apply.
        severity: Severities by rule, where they differ from the rules' own; :data:`OFF` takes a rule out.
        grafana: The Grafana that the dashboards are meant for, where it says so.
        scrape_interval_seconds: The scrape interval, where it says so.
        prometheus: The Prometheus that the queries are meant for, where it says so.
        retention_seconds: How long Prometheus keeps samples, where it says so.
        catalogue: The metric catalogue, seen from the configuration's folder, where it names one.
        suppressions: Findings that are accepted for a time.
    """

    path: str = ""
    style: frozenset[str] = frozenset()
    severity: Mapping[str, str] = field(default_factory=dict)
    grafana: Version | None = None
    scrape_interval_seconds: float | None = None
    prometheus: Version | None = None
    retention_seconds: float | None = None
    catalogue: str | None = None
    suppressions: tuple[Suppression, ...] = ()

    def selection(self, rules: Iterable[Rule]) -> Selection:
        """Choose the rules that apply."""
        chosen = tuple(
            rule
            for rule in rules
            if self.severity.get(rule.id) != OFF and (not rule.style or rule.id in self.style)
        )
        severities = {rule: Severity(word) for rule, word in self.severity.items() if word != OFF}
        return Selection(chosen, severities)


def read_config(file: SourceFile, rules: Sequence[Rule]) -> LintConfig:
    """Read a configuration.

    Args:
        file: The file.
        rules: Every rule there is.

    Returns:
        What it says.

    Raises:
        ConfigurationError: It is no YAML, has an unknown key or a wrong value, or names a rule that does not exist.
            The message names every problem with its line.
    """
    from staging_validation.documents import read_document

    document = read_document(file)
    content = _plain(document.content) or {}
    problems = [str(problem) for problem in document.problems]
    if not problems:
        problems = [str(document.problem(place, message)) for place, message in _faults(content, rules)]
    if problems:
        raise ConfigurationError("The configuration is wrong:\n" + "\n".join(problems), remedy=_REMEDY)
    interval, retention = content.get("scrape_interval"), content.get("retention")
    return LintConfig(
        path=file.path,
        style=frozenset(content.get("style", ())),
        severity=content.get("severity", {}),
        grafana=read_version(content["grafana"]) if "grafana" in content else None,
        scrape_interval_seconds=read_duration(interval) if interval else None,
        prometheus=read_version(content["prometheus"]) if "prometheus" in content else None,
        retention_seconds=read_duration(retention) if retention else None,
        catalogue=content.get("catalogue"),
        suppressions=tuple(_suppressions(content, document)),
    )


def read_version(text: str) -> Version:
    """Return a version's first two numbers: ``12.1.4`` is ``(12, 1)``.

    Raises:
        ConfigurationError: The text is no version.
    """
    parts = text.split(".")
    if not _is_version(text):
        raise ConfigurationError(f"{text!r} is no version.", remedy="write it as 13.0")
    return int(parts[0]), int(parts[1]) if len(parts) > 1 else 0


def _is_version(text: str) -> bool:
    parts = text.split(".")
    return len(parts) <= 3 and all(part.isascii() and part.isdigit() for part in parts)


def config_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration."""
    folder = resources.files("staging_validation.lint").joinpath("schemas")
    text = folder.joinpath("config.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _faults(content: Any, rules: Sequence[Rule]) -> Iterator[tuple[Place, str]]:
    if not compile_schema("config.schema.json", lambda _name: config_schema())(content):
        # Loading it costs a quarter of a second, and only a wrong configuration needs it.
        from jsonschema import Draft202012Validator

        for error in Draft202012Validator(config_schema()).iter_errors(content):
            yield _place(error), _said(error)
        return
    yield from _wrong_names(content, rules)
    for key in ("grafana", "prometheus"):
        if key in content and not _is_version(content[key]):
            yield (key,), f'{key}: {content[key]!r} is no version; write it as "13.0"'
    for key in ("scrape_interval", "retention"):
        if key in content and not read_duration(content[key]):
            yield (key,), f"{key}: {content[key]!r} is no duration; write it as 15s or 15d"
    for number, entry in enumerate(content.get("suppressions", ())):
        place = ("suppressions", number)
        if _day(entry["expires"]) is None:
            yield (*place, "expires"), f"expires: {entry['expires']!r} is no day; write it as 2027-03-31"
        if len(entry["reason"].strip()) < _SHORTEST_REASON:
            yield (*place, "reason"), f"reason: {entry['reason']!r} is too short to be one"


def _wrong_names(content: Mapping[str, Any], rules: Sequence[Rule]) -> Iterator[tuple[Place, str]]:
    known = {rule.id: rule for rule in rules}
    style: list[str] = content.get("style", [])
    suppressions: list[Mapping[str, Any]] = content.get("suppressions", [])
    named: list[tuple[Place, str]] = [(("style", number), name) for number, name in enumerate(style)]
    named += [(("severity", name), name) for name in content.get("severity", {})]
    named += [(("suppressions", number, "rule"), entry["rule"]) for number, entry in enumerate(suppressions)]
    for place, name in named:
        if name not in known:
            yield place, f"there is no rule {name!r}{_meant(name, known)}"
        elif place[0] == "style" and not known[name].style:
            yield place, f"{name} is no style rule: it applies anyway"


def _place(error: ValidationError) -> Place:
    place: Place = tuple(error.absolute_path)
    unknown = _unknown_keys(error)
    return (*place, unknown[0]) if unknown else place


def _said(error: ValidationError) -> str:
    unknown = _unknown_keys(error)
    if unknown:
        return f"nothing is known of the key {unknown[0]!r}{_meant(unknown[0], _known(error))}"
    name = ".".join(map(str, error.absolute_path)) or "the file"
    return f"{name}: {error.message}"


def _unknown_keys(error: ValidationError) -> list[str]:
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        return []
    known = _known(error)
    return [key for key in error.instance if key not in known]


def _schema(error: ValidationError) -> Mapping[str, Any]:
    """Return the part of the schema that a value does not keep to."""
    return error.schema if isinstance(error.schema, dict) else {}


def _known(error: ValidationError) -> Mapping[str, Any]:
    known: Mapping[str, Any] = _schema(error).get("properties", {})
    return known


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(known))}"


def _suppressions(content: Mapping[str, Any], document: Document) -> Iterator[Suppression]:
    for number, entry in enumerate(content.get("suppressions", ())):
        texts = {key: str(value) for key, value in entry.items() if key != "expires"}
        yield Suppression(
            **texts,
            expires=_day(entry["expires"]) or date.max,
            file=document.path,
            line=document.line(("suppressions", number)),
            pointer=f"/suppressions/{number}",
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    """Turn what YAML makes of a day back into text, all the way down."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
