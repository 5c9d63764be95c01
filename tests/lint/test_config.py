"""The configuration: what it says, and how it is refused."""

from __future__ import annotations

from datetime import date

import pytest

from staging_validation.errors import ConfigurationError
from staging_validation.lint.config import read_config, read_version
from staging_validation.lint.finding import Severity
from staging_validation.lint.registry import all_rules
from staging_validation.lint.rule import Rule
from staging_validation.source_files import SourceFile

STYLE = Rule("panel-in-red", "A panel is red.", Severity.INFO, int, lambda *_: (), (), style=True)
RULES = (*all_rules(), STYLE)
WHOLE = """
catalogue: ../telemetry
grafana: "12.1"
scrape_interval: 30s
prometheus: "2.53"
retention: 15d
style: [panel-in-red]
severity: {query-syntax: warning, rate-on-gauge: "off"}
suppressions:
  - rule: query-syntax
    files: boards/*.json
    dashboard: Shop
    panel: 3
    expr_contains: old_
    reason: Goes with the old shop.
    expires: 2027-03-31
"""


def read(text):
    return read_config(SourceFile("lint.yaml", text), RULES)


def test_everything():
    config = read(WHOLE)
    assert (config.catalogue, config.grafana, config.scrape_interval_seconds) == (
        "../telemetry",
        (12, 1),
        30.0,
    )
    assert (config.prometheus, config.retention_seconds) == ((2, 53), 15 * 86_400.0)
    [suppression] = config.suppressions
    assert (suppression.panel, suppression.expires, suppression.line) == ("3", date(2027, 3, 31), 10)
    selection = config.selection(RULES)
    ids = {rule.id for rule in selection.rules}
    assert "panel-in-red" in ids
    assert "rate-on-gauge" not in ids
    assert selection.severities == {"query-syntax": Severity.WARNING}


@pytest.mark.parametrize("text", ["", "style: []"])
def test_an_empty_one_changes_nothing(text):
    assert {rule.id for rule in read(text).selection(RULES).rules} == {
        rule.id for rule in RULES if not rule.style
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "lint.yaml:1"),
        ("- rule", "lint.yaml:1"),
        ("\nstyl: []", "lint.yaml:2: nothing is known of the key 'styl'; did you mean 'style'?"),
        (
            "\nstyle: [panel-in-rad]",
            "lint.yaml:2: there is no rule 'panel-in-rad'; did you mean 'panel-in-red'?",
        ),
        ("style: [query-syntax]", "query-syntax is no style rule"),
        ("severity: {query-syntax: bad}", "'bad' is not one of"),
        ("severity: {query-sintax: error}", "did you mean 'query-syntax'?"),
        ("grafana: 12.1", "grafana: 12.1 is not of type 'string'"),
        ("scrape_interval: often", "'often' is no duration"),
        (
            "suppressions:\n  - rule: query-syntax",
            "lint.yaml:2: suppressions.0: 'reason' is a required property",
        ),
        (
            "suppressions:\n  - rule: query-syntax\n    reason: For the time being.\n    expires: '2027-02-31'",
            "2027-02-31",
        ),
        (
            "suppressions:\n  - rule: query-syntax\n    reason: later\n    expires: 2027-02-28",
            "'later' is too short",
        ),
        (
            "suppressions:\n  - rule: query-syntax\n    reasons: For ever.\n    expires: 2027-02-28",
            "lint.yaml:3: nothing is known of the key 'reasons'; did you mean 'reason'?",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, said):
    with pytest.raises(ConfigurationError) as raised:
        read(text)
    assert said in str(raised.value)
    assert raised.value.remedy


@pytest.mark.parametrize(("text", "version"), [("13", (13, 0)), ("12.1", (12, 1)), ("12.1.4", (12, 1))])
def test_versions(text, version):
    assert read_version(text) == version


@pytest.mark.parametrize("text", ["", "twelve", "12.", "1.2.3.4", "²"])
def test_no_version(text):
    with pytest.raises(ConfigurationError, match="no version"):
        read_version(text)
