"""Every rule has a module, a test and a page of one name, and what its page shows is true."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from staging_validation.lint.config import read_config
from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.index import rules_index
from staging_validation.lint.registry import all_rules
from staging_validation.source_files import SourceFile
from tests.lint.pages import FOLDER, given, read_page
from tests.lint.support import catalogue, check, dashboard, files_of, panel

TESTS = Path(__file__).parent / "rules"
RULES = all_rules()
PARTS = ("What", "Why it hurts", "Example", "Fix")
CONFIG = "yaml config"

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


@each_rule
def test_a_rule_has_a_test_file(rule):
    assert (TESTS / f"test_{rule.id.replace('-', '_')}.py").is_file()


@each_rule
def test_a_page_has_the_common_shape(rule):
    page = read_page(rule)
    assert page.text.startswith(f"# {rule.id}\n\n{rule.summary}\n")
    assert page.parts == PARTS
    assert page.facts == (
        rule.severity.value,
        ", ".join(rule.classes),
        "yes" if rule.needs_catalogue else "no",
        "yes" if rule.style else "no",
    )


@each_rule
def test_the_bad_example_triggers_this_rule_and_the_good_one_none(rule):
    page = read_page(rule)
    assert found(page.bad, rule) == {rule.id, *page.also}
    assert found(page.good, rule) == set()


def found(blocks, rule):
    """Return the rules that find something in an example; style rules do not apply, but for the page's own."""
    if blocks[0][0] == CONFIG:
        config = read_config(SourceFile("config.yaml", blocks[0][1]), RULES)
        result = lint(
            files_of(**given(blocks[1:])) if blocks[1:] else files_of(dashboard=dashboard(panel("up"))),
            Settings(catalogue(), retention_seconds=config.retention_seconds),
            suppressions=config.suppressions,
            today=date(2026, 1, 1),
        )
        return {finding.rule for finding in result.findings}
    findings = check(**given(blocks)).findings
    own = check(rule=rule.id, **given(blocks)).findings if rule.style else ()
    return {finding.rule for finding in (*findings, *own)}


def test_no_page_and_no_test_is_left_over():
    ids = {rule.id for rule in RULES}
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == ids
    assert {path.stem.removeprefix("test_").replace("_", "-") for path in TESTS.glob("test_*.py")} == ids


def test_the_index_is_fresh():
    written = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert written == rules_index(RULES), (
        "renew it: staging-validation lint --list-rules > docs/rules/README.md"
    )


def test_ids_are_unique_and_summaries_are_sentences():
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.summary.endswith(".") and "\n" not in rule.summary for rule in RULES)
