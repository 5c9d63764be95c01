"""What is read and what is refused agrees with promql-parser and with a real Prometheus; every difference is listed."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from pathlib import Path

import promql_parser
import pytest
import requests

from local_staging.stack.cache import default_cache_dir
from local_staging.stack.monitoring import start_prometheus
from local_staging.stack.monitoring_binaries import MonitoringBinaries
from local_staging.stack.ports import free_port
from local_staging.stack.supervisor import Supervisor
from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.parser import parse
from staging_validation.promql.printer import to_text
from staging_validation.promql.types import type_faults

EXPRESSIONS = Path(__file__).with_name("expressions.txt").read_text(encoding="utf-8").splitlines()

# What promql-parser judges otherwise than the server does: the server is right.
OTHER_THAN_PARSER = {
    "a offset 0s": "Prometheus 3 takes an offset of zero",
    "1_000": "Prometheus 3 takes underscores between digits",
    "1_000.5": "Prometheus 3 takes underscores between digits",
    r'a{b=~"\\p{Foo}"}': "Prometheus refuses unknown scripts; which there are is not known here, so nothing is said",
    r'a{b=~"\\Qa.b\\E"}': "RE2 knows quoted parts",
    r'a{b=~"\\12"}': "RE2 knows octal characters",
    r'a{b=~"\\0"}': "RE2 knows octal characters",
    'a{b=~"(?)"}': "RE2 takes a group without flags",
    'a{b=~"(a{1000}){1000}"}': "Prometheus refuses nested counts; their product is not computed here",
    'a{b=~"a{1001}"}': "RE2 counts to 1000",
    'a{b=~"a**"}': "RE2 repeats no repetition",
    'a{b=~"a++"}': "RE2 repeats no repetition",
    'a{b=~"a{1}{2}"}': "RE2 repeats no repetition",
    'a{b=~"[[:foo:]]"}': "RE2 knows its own classes only",
    'a{b=~"(?x)a"}': "RE2 knows no flag x",
    "holt_winters(a[5m], 0.1, 0.2)": "Prometheus 2 has it",
    'info(a, {b=~".*"})': "the second argument of info may select everything",
    'info(a, c{b="c"})': "the second argument of info names no metric",
    "info(a, rate(c[5m]))": "the second argument of info is matchers",
    r"""a{b="\\d+", c=~"\\d+", d=~`\d+`, e='\''}""": "backquotes take everything literally",
    "a + fill(0) b": "experimental, and off in a Prometheus as it is shipped",
}

# What Prometheus 2.42 (the one of Debian 12) judges otherwise, because a later version brought it.
SINCE_242 = {
    "numbers with underscores": r"1_000",
    "names in quotes": r'[{(,]\s*"[^"]*"\s*[,}=)]',
    "durations as numbers and numbers as durations": r"(^|> )\d+[mh]|\[5\]|:1\]|@ 5m",
    "an offset with a plus, or of zero": r"offset (\+|0s)",
    "new functions": (
        r"\b(start|end|step|range)\(\)|\b(limitk|limit_ratio|double_exponential_smoothing|sort_by_label|info|mad_over_time"
        r"|max_of|first_over_time|ts_of_max_over_time|histogram_quantiles)\("
    ),
    "groups named as in Perl": r"\(\?<x>a\)",
}
NOT_KNOWN_HERE = {r'a{b=~"\\p{Foo}"}', 'a{b=~"(a{1000}){1000}"}'}

ATOMS = (
    "a",
    "b_total",
    'c{x="1"}',
    'd{x=~"a|b",y!="",}',
    "1",
    "0.5",
    "e offset 5m",
    "f @ end()",
    "x:y:z",
    "sum",
)
WINDOWS = ("a[5m]", 'b{x!~"c.*"}[1h]', "c[1h:5m]", "d[5m] offset 1d", "rate(a[1m])[10m:]")
OPERATORS = ("+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", "> bool", ">=", "and", "or", "unless")
MATCHINGS = ("", "", "", "on (x)", "ignoring (x, y)", "on (x) group_left", "ignoring (x) group_right (z)")


def ours(text: str) -> str:
    try:
        tree = parse(text)
    except PromqlSyntaxError as error:
        return str(error)
    faults = type_faults(tree)
    return faults[0].message if faults else ""


def theirs(text: str) -> str:
    try:
        promql_parser.parse(text)
    except ValueError as error:
        return str(error)
    return ""


def test_there_are_enough_expressions_of_both_kinds():
    accepted = sum(not ours(text) for text in EXPRESSIONS)
    assert len(EXPRESSIONS) >= 400
    assert accepted >= 200
    assert len(EXPRESSIONS) - accepted >= 150


@pytest.mark.parametrize("text", [text for text in EXPRESSIONS if text not in OTHER_THAN_PARSER])
def test_the_parser_agrees(text):
    assert bool(ours(text)) == bool(theirs(text)), (ours(text), theirs(text))


@pytest.mark.parametrize("text", OTHER_THAN_PARSER)
def test_listed_differences_are_still_differences(text):
    assert bool(ours(text)) != bool(theirs(text))


def test_a_thousand_made_expressions_agree():
    texts = many(1000)
    assert [text for text in texts if bool(ours(text)) != bool(theirs(text))] == []
    assert 200 < sum(not ours(text) for text in texts) < 900


def test_the_server_agrees(tmp_path):
    with Supervisor() as supervisor:
        binaries = MonitoringBinaries(
            default_cache_dir(os.environ), supervisor=supervisor, log_dir=tmp_path, environ=os.environ
        )
        promtool = binaries.find("promtool")
    newer = re.compile("|".join(SINCE_242.values()))
    texts = [*EXPRESSIONS, *many(1000)]
    refused = server_refuses(promtool, tmp_path / "rules.json", texts)
    different = [text for text in texts if bool(ours(text)) != (text in refused)]
    assert [text for text in different if not newer.search(text) and text not in NOT_KNOWN_HERE] == []
    assert len(texts) - len(different) > 1450


def server_refuses(promtool: Path, rules: Path, texts: list[str]) -> dict[str, str]:
    group = [{"record": "x", "labels": {"n": str(n)}, "expr": text} for n, text in enumerate(texts)]
    rules.write_text(json.dumps({"groups": [{"name": "g", "rules": group}]}), encoding="utf-8")
    run = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True, check=False)
    found = re.findall(r'rule (\d+), "x": could not parse expression: (.*)', run.stdout + run.stderr)
    assert found, run.stderr
    return {texts[int(number) - 1]: message for number, message in found}


def test_the_printed_form_is_the_same_to_the_server(tmp_path):
    newer = re.compile("|".join(SINCE_242.values()))
    texts = [
        text
        for text in EXPRESSIONS
        if not ours(text) and not newer.search(text) and text not in NOT_KNOWN_HERE
    ]
    with Supervisor() as supervisor, requests.Session() as session:
        binaries = MonitoringBinaries(
            default_cache_dir(os.environ), supervisor=supervisor, log_dir=tmp_path, environ=os.environ
        )
        port, prometheus = free_port(), binaries.find("prometheus")
        start_prometheus(prometheus, port, {}, tmp_path / "data", supervisor=supervisor, log_dir=tmp_path)

        def formatted(text):
            url = f"http://127.0.0.1:{port}/api/v1/format_query"
            answer = session.post(url, data={"query": text}, timeout=10).json()
            return answer.get("data", answer.get("error"))

        different = [text for text in texts if formatted(to_text(parse(text))) != formatted(text)]
    assert different == []
    assert len(texts) >= 200


def test_the_printed_form_is_the_same_to_the_parser():
    # The parser keeps a name in quotes apart from one in front of the braces; the two mean the same.
    quoted_name = re.compile(SINCE_242["names in quotes"])
    for text in EXPRESSIONS:
        if not ours(text) and text not in OTHER_THAN_PARSER and not quoted_name.search(text):
            assert repr(promql_parser.parse(to_text(parse(text)))) == repr(promql_parser.parse(text)), text


def many(count: int) -> list[str]:
    """Make expressions, two of five of them broken; always the same ones."""
    dice = random.Random(20261124)
    texts = [made(dice, 3) for _ in range(count)]
    return [broken(dice, text) if dice.random() < 0.4 else text for text in texts]


def made(dice: random.Random, depth: int) -> str:
    """Make an expression that is often, but not always, well typed."""
    if depth == 0:
        return dice.choice(ATOMS)
    inner = made(dice, depth - 1)
    shape = dice.randrange(9)
    if shape == 0:
        return f"({inner})"
    if shape == 1:
        grouping = dice.choice(("by (x)", "without (y,)", ""))
        return f"{dice.choice(('sum', 'avg', 'count', 'MAX'))} {grouping} ({inner})"
    if shape == 2:
        return f"{dice.choice(('topk(3, ', 'quantile(0.9, '))}{inner}) by (x)"
    if shape == 3:
        function = dice.choice(("rate", "increase", "max_over_time", "abs", "vector", "absent"))
        return f"{function}({dice.choice(WINDOWS)})"
    if shape == 4:
        return f"-{inner}"
    if shape == 5:
        return f"{dice.choice(('abs', 'scalar', 'sort', 'timestamp', 'round', 'vector', 'year'))}({inner})"
    matching = dice.choice(MATCHINGS)
    return f"{inner} {dice.choice(OPERATORS)} {matching} {made(dice, depth - 1)}"


def broken(dice: random.Random, text: str) -> str:
    """Take a piece away, double it or change places, so that the grammar is hurt."""
    pieces = re.findall(r"\w+|\s+|.", text)
    place = dice.randrange(len(pieces))
    how = dice.randrange(3)
    if how == 0:
        del pieces[place]
    elif how == 1:
        pieces.insert(place, pieces[place])
    else:
        other = dice.randrange(len(pieces))
        pieces[place], pieces[other] = pieces[other], pieces[place]
    return "".join(pieces)
