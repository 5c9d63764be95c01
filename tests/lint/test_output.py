"""Findings as text, JSON, JUnit and SARIF."""

from __future__ import annotations

import json
from importlib import resources
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from staging_validation.lint.finding import Finding, LintResult, Severity, Skipped
from staging_validation.lint.output.as_json import to_json
from staging_validation.lint.output.junit import to_junit
from staging_validation.lint.output.sarif import to_sarif
from staging_validation.lint.output.text import marked, to_text
from staging_validation.lint.registry import all_rules
from staging_validation.promql.tree import Span

ERROR = Finding(
    "query-syntax",
    Severity.ERROR,
    "boards/shop 1.json",
    "rate() takes a range.",
    "write up[5m]",
    "/panels/0/targets/0/expr",
    12,
    "Shop",
    3,
    "Sales <&>",
    "A",
    "sum(\n  rate(up)\n)",
    Span(12, 14),
    {"metric": "up", "labels": ["job", "plan"]},
)
WARNING = Finding(
    "suppression-unused", Severity.WARNING, "config.yaml", "It covers \x00nothing.", "remove it", line=7
)
RESULT = LintResult(
    (ERROR, WARNING),
    (Skipped("rate-on-gauge", "no metrics are known", 4),),
    suppressed=1,
    files=("boards/clean.json", "boards/shop 1.json"),
    dashboards=2,
    queries=9,
)
TEXT = """\
boards/shop 1.json:12: error: query-syntax
  Shop > panel 3 Sales <&> > query A > /panels/0/targets/0/expr
  rate() takes a range.
        rate(up)
             ^^
  evidence: metric: up; labels: job, plan
  remedy: write up[5m]
  docs/rules/query-syntax.md

config.yaml:7: warning: suppression-unused
  It covers \ufffdnothing.
  remedy: remove it
  docs/rules/suppression-unused.md

skipped: rate-on-gauge (4 times): no metrics are known
2 files checked (2 dashboards, 9 queries): 1 error, 1 warning, 0 info, 1 suppressed, 4 checks skipped.
"""


def test_text():
    assert to_text(RESULT) == TEXT


def test_colours_only_colour():
    coloured = to_text(RESULT, colour=True)
    assert "\x1b[31merror\x1b[0m" in coloured
    for code in ("1", "2", "31", "33", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == TEXT


@pytest.mark.parametrize(
    ("text", "piece", "line", "carets"),
    [
        ("sum(up)", "up", "sum(up)", "    ^^"),
        ("sum(\n  up)", "up", "  up)", "  ^^"),
        ("a +\nb", "a +\nb", "a +", "^^^"),
        ("up", "", "up", "^"),
        ("\tup", "up", " up", " ^^"),
    ],
)
def test_the_wrong_piece_is_marked(text, piece, line, carets):
    start = text.index(piece)
    assert marked(text, Span(start, start + len(piece))) == (line, carets)


def test_of_a_long_query_the_part_around_the_piece_is_shown():
    text = f"{'a + ' * 60}WRONG{' + b' * 60}"
    start = text.index("WRONG")
    line, carets = marked(text, Span(start, start + 5))
    assert len(line) <= 102
    assert line[carets.index("^") : len(carets)] == "WRONG"
    assert line.startswith("…")
    assert line.endswith("…")


def test_a_place_at_the_end_is_marked_too():
    assert marked("up +", Span(4, 4)) == ("up +", "    ^")


def test_a_file_cannot_command_the_terminal():
    wild = Finding(
        "file-syntax", Severity.ERROR, "a.json", "\x1b[2J", "\x9b2J", dashboard="\x07", panel="\x1b]0;x"
    )
    assert not {"\x1b", "\x9b", "\x07"} & set(to_text(LintResult((wild,))))


def test_json_keeps_its_schema():
    folder = resources.files("staging_validation.lint").joinpath("schemas")
    schema = json.loads(folder.joinpath("findings.schema.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    validator.validate(json.loads(to_json(RESULT)))
    assert not validator.is_valid([{"rule": "query-syntax"}])
    assert schema["items"]["required"] == list(ERROR.as_json())


def test_json():
    first, second = json.loads(to_json(RESULT))
    keys = "rule severity file pointer line dashboard panel_id panel ref_id expr span message evidence remedy"
    assert list(first) == list(second) == keys.split()
    assert (first["span"], first["evidence"]) == ([12, 14], {"metric": "up", "labels": ["job", "plan"]})
    assert (second["span"], second["panel_id"]) == (None, None)


def test_junit():
    root = ET.fromstring(to_junit(RESULT))
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("4", "1", "1")
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert all(case.get("name") and case.get("classname") for case in cases)
    assert [suite.get("name") for suite in root] == [*RESULT.files, "config.yaml", "not checked"]
    failure = root.find("testsuite/testcase/failure")
    assert failure.get("message") == ERROR.message
    assert "write up[5m]" in failure.text


def test_sarif():
    log = json.loads(to_sarif(RESULT, all_rules()))
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert log["version"] == "2.1.0"
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result, finding in zip(run["results"], RESULT.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        [location] = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] == finding.line
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "boards/shop%201.json"
    assert run["invocations"][0]["executionSuccessful"] is True


def test_a_finding_keeps_its_fingerprint_when_lines_move():
    def fingerprint(finding):
        log = json.loads(to_sarif(LintResult((finding,)), all_rules()))
        return log["runs"][0]["results"][0]["partialFingerprints"]

    moved = Finding(**{name: getattr(ERROR, name) for name in ERROR.__slots__} | {"line": 99})
    other = Finding(**{name: getattr(ERROR, name) for name in ERROR.__slots__} | {"pointer": "/panels/1"})
    assert fingerprint(moved) == fingerprint(ERROR) != fingerprint(other)
