from __future__ import annotations

from staging_validation.documents import read_document
from staging_validation.source_files import SourceFile


def read(text):
    return read_document(SourceFile("file.yaml", text))


def test_every_key_and_item_has_its_line():
    document = read("a:\n  - b: 1\n  - c\n")
    assert document.content == {"a": [{"b": 1}, "c"]}
    assert [document.line(place) for place in (("a",), ("a", 0, "b"), ("a", 1), ("a", 1, "none"))] == [
        1,
        2,
        3,
        3,
    ]


def test_a_key_that_stands_twice_is_a_problem_on_its_line():
    assert [str(problem) for problem in read("a: 1\nb: 2\na: 3\n").problems] == [
        "file.yaml:3: a stands twice, first on line 1; keep one of them"
    ]


def test_a_key_may_override_what_is_merged():
    document = read(
        "base: &base {severity: warning, team: billing}\nlabels: {<<: *base, severity: critical}\n"
    )
    assert document.problems == []
    assert document.content["labels"] == {"severity": "critical", "team": "billing"}


def test_merges_that_multiply_are_refused():
    lines = ["a0: &a0 {k: 1, l: 2}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 40)]
    (problem,) = read("\n".join(lines)).problems
    assert problem.message == "no valid YAML: a mapping merges (<<) more than 10000 keys"


def test_what_is_no_yaml_names_its_line():
    assert [problem.line for problem in read("a: 1\nb: [\n").problems] == [3]
