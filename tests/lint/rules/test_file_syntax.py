"""``file-syntax``."""

from __future__ import annotations

import pytest

from staging_validation.lint.context import Settings, UnreadableFile
from staging_validation.lint.engine import lint
from tests.lint.support import assert_clean, assert_fault, check, dashboard, panel

RULE = "file-syntax"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"title": "Shop",\n "panels": [}', 2),
        ('{"title": "Shop",\n "title": "Market", "panels": []}', 2),
        ('{"title": "Shop", "panels": [], "x":\nNaN}', 2),
        ('\ufeff{"title": "Shop", "panels": []}', 1),
        ("[" * 100_000, 1),
        ("", 1),
    ],
    ids=["brace", "twice", "nan", "mark", "deep", "empty"],
)
def test_no_strict_json(text, line):
    assert assert_fault(rule=RULE, dashboard=text).line == line


def test_no_yaml():
    assert assert_fault(rule=RULE, rules="groups:\n  - name: [").line >= 2


def test_a_file_that_could_not_be_opened():
    result = lint([], Settings(), unreadable=[UnreadableFile("shop.json", "It is secret.", "open it")])
    assert [(finding.rule, finding.file) for finding in result.findings] == [(RULE, "shop.json")]


def test_the_other_files_are_checked_all_the_same():
    files = {
        "broken.json": "{",
        "clean.json": dashboard(panel("up")),
        "wrong.json": dashboard(panel("rate(up)")),
    }
    found = check(files=files).findings
    assert {finding.file for finding in found} == {"broken.json", "wrong.json"}


def test_clean():
    assert_clean(rule=RULE, dashboard=dashboard(panel("up")))
