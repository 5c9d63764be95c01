"""Files that nobody would write, and what must hold of the check of every one of them."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import strategies as st

from staging_validation.lint.context import Settings
from staging_validation.lint.engine import lint
from staging_validation.lint.finding import LintResult
from staging_validation.lint.looking import Selection
from staging_validation.lint.output.as_json import to_json
from staging_validation.lint.output.junit import to_junit
from staging_validation.lint.output.sarif import to_sarif
from staging_validation.lint.output.text import to_text
from staging_validation.lint.registry import all_rules
from staging_validation.source_files import SourceFile
from tests.dashboards.mutations import mutated, places
from tests.dashboards.test_fuzz import JSON
from tests.lint.mutation.controls import controls
from tests.lint.support import catalogue, dashboard, panel, variable
from tests.promql.test_fuzz import PIECES, expressions

SECONDS = 10.0
"""How much of the processor's time the check of one file may take; 0.03 s is usual, and a hang never ends."""

Case = tuple[str, str]
"""A file's name and its text."""


class TooSlowError(Exception):
    """A check was not done in time."""


def checked(case: Case, *, seconds: float = SECONDS) -> LintResult:
    """Check a file with every rule, print the result in every form, and hold against it what must always hold.

    Args:
        case: The file.
        seconds: How much of the processor's time it may take.

    Returns:
        What was found.

    Raises:
        TooSlowError: It took longer.
    """
    name, text = case
    rules = all_rules()
    with in_time(seconds):
        result = lint([SourceFile(name, text)], Settings(catalogue()), selection=Selection(rules))
        printed = (to_text(result), to_json(result), to_junit(result), to_sarif(result, rules))
    lines = len(re.split("\r\n|\r|\n", text)) + 1
    for finding in result.findings:
        assert finding.message, finding
        assert finding.remedy, finding
        assert 1 <= finding.line <= lines, finding
        assert finding.span is None or finding.expr is not None, finding
        assert finding.span is None or 0 <= finding.span.start <= finding.span.end <= len(finding.expr or "")
    assert len(json.loads(printed[1])) == len(result.findings)
    ET.fromstring(printed[2])
    json.loads(printed[3])
    return result


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """Raise :class:`TooSlowError` when what is inside takes more of the processor's time."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError(f"the check takes longer than {seconds:g} s")

    former = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)


def cases() -> st.SearchStrategy[Case]:
    """Return a strategy for files of every sort."""
    return st.one_of(*SORTS.values())


@st.composite
def _changed_files(draw: st.DrawFn) -> Case:
    """Clean files with up to three values changed, gone or twice."""
    chosen = draw(st.sampled_from(controls()))
    return chosen.name, json.dumps(mutated(chosen.document, draw(st.data())), indent=1)


@st.composite
def _cut_files(draw: st.DrawFn) -> Case:
    """Clean files from which a piece is cut, and in which another one stands."""
    chosen = draw(st.sampled_from(controls()))
    start = draw(st.integers(0, len(chosen.text)))
    end = draw(st.integers(start, min(len(chosen.text), start + 80)))
    return chosen.name, chosen.text[:start] + draw(st.text(max_size=6)) + chosen.text[end:]


@st.composite
def _changed_queries(draw: st.DrawFn) -> Case:
    """Clean files with a query that is cut, spliced or replaced."""
    chosen = draw(st.sampled_from(controls()))
    found = [
        (holder, key) for holder, key in places(chosen.document) if key in ("expr", "query", "definition")
    ]
    texts = [holder[key] for holder, key in found if isinstance(holder[key], str)]
    text = draw(st.sampled_from(texts))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 30)))
    other = draw(_queries | st.sampled_from(texts))
    return chosen.name, chosen.text.replace(
        json.dumps(text), json.dumps(text[:start] + other + text[end:]), 1
    )


_token = st.sampled_from(
    (*PIECES, "$plan", "${plan:regex}", "[[plan]]", "$__rate_interval", "rsolv_billing_active_subscriptions")
)
_queries = expressions | st.text(max_size=60) | st.lists(_token, max_size=25).map(" ".join)
_TEMPLATE_PIECES = (
    "{{", "}}", "$value", "$labels.plan", ".Labels", "|", "humanize", "printf", '"%s"', "if", "range", "end", " ", "x",
    "(", ")",
)  # fmt: skip
_templates = st.lists(st.sampled_from(_TEMPLATE_PIECES), max_size=12).map("".join)


@st.composite
def _new_dashboards(draw: st.DrawFn) -> Case:
    """Small dashboards with any queries, legends and variables."""
    asked = draw(st.lists(_queries, min_size=1, max_size=3))
    kind = draw(st.sampled_from(("timeseries", "stat", "gauge", "table", "piechart", "heatmap", "x")))
    shown = panel(*asked, type=kind)
    for target in shown["targets"]:
        target["legendFormat"] = draw(_templates)
        target["instant"] = draw(st.booleans())
    known = variable(query=draw(_queries), multi=draw(st.booleans()), includeAll=draw(st.booleans()))
    fields: Mapping[str, Any] = draw(
        st.dictionaries(st.sampled_from(("title", "refresh", "links", "time", "uid")), JSON, max_size=2)
    )
    return "new.json", json.dumps(dashboard(shown, variables=[known], **fields))


@st.composite
def _new_rules(draw: st.DrawFn) -> Case:
    """Rule files with any query and any texts."""
    texts = {"summary": draw(_templates), "description": draw(_templates | st.text(max_size=20))}
    rule = {
        "alert": draw(st.text(max_size=8)),
        "expr": draw(_queries),
        "for": draw(st.sampled_from(("5m", "1", "x", "0s"))),
        "labels": {"severity": draw(_templates)},
        "annotations": texts,
    }
    record = {"record": draw(st.sampled_from(("a:b:c", "a b", "", "sales:rate5m"))), "expr": draw(_queries)}
    return "new.yaml", json.dumps({"groups": [{"name": "new", "rules": [rule, record, draw(JSON)]}]})


_NESTED = (
    ("(", "1", ")"), ("-", "1", ""), ("sum(", "a", ")"), ("a + ", "a", ""), ("rate(", "a[5m]", "[5m:])"),
    ("", "a", "[5m:1m]"), ("abs(", "a", ")"), ("a and (", "a", ")"), ("1 ^ ", "2", ""),
)  # fmt: skip
"""What stands before, inside and behind, when it is nested."""


@st.composite
def _large_files(draw: st.DrawFn) -> Case:
    """Deep and huge ones."""
    size = draw(st.sampled_from((50, 199, 201, 1_000, 20_000)))
    makers = draw(st.sampled_from(_NESTED))
    before, inside, behind = makers
    deep = before * size + inside + behind * size
    wide = "{" + ",".join(f'l{number}=~"a.*|b{number}"' for number in range(min(size, 2_000))) + "}"
    regex = 'a{b=~"' + "(" * min(size, 500) + "a+" + ")+" * min(size, 500) + '"}'
    text = draw(
        st.sampled_from(
            (deep, wide, regex, "a" * size, "$" * size, "${x" * size, "{{" * size, '"' * size, "\\" * size)
        )
    )
    sort = draw(st.integers(0, 5))
    if sort == 0:
        return "large.yaml", json.dumps(
            {
                "groups": [
                    {"name": "g", "rules": [{"alert": "A", "expr": text, "annotations": {"summary": text}}]}
                ]
            }
        )
    if sort == 1:
        return "large.json", "[" * size + "]" * size if size < 2_000 else '{"a":' * size + "1" + "}" * size
    if sort == 2:
        return "large.json", json.dumps(dashboard(*(panel("up") for _ in range(min(size, 300)))))
    if sort == 3:
        return "large.json", json.dumps(
            dashboard(
                panel("up"),
                variables=[variable(query=text), variable(f"v{text[:50]}", f"label_values({text}, x)")],
            )
        )
    if sort == 4:
        return "large.json", json.dumps(
            dashboard(panel("up", title=text, description=text), title=text, uid=text)
        )
    return "large.json", json.dumps(dashboard(panel(text, f"{text} or $plan")))


SORTS: Mapping[str, st.SearchStrategy[Case]] = {
    "changed files": _changed_files(),
    "cut files": _cut_files(),
    "changed queries": _changed_queries(),
    "new dashboards": _new_dashboards(),
    "new rules": _new_rules(),
    "any JSON": st.tuples(st.just("any.json"), JSON.map(json.dumps) | st.text(max_size=80)),
    "any YAML": st.tuples(st.just("any.yaml"), JSON.map(json.dumps) | st.text(max_size=80)),
    "large files": _large_files(),
}
"""Every sort of file."""
