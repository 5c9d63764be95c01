"""The page for auditors lists exactly the situations that are tested."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "guard.md"
STOPPED = "passed, then every step refused"


def table(name: str) -> ModuleType:
    path = Path(__file__).parent / "matrix" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"published_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows() -> list[str]:
    """Return the lines of the page's tables."""
    matrix, records, dags = table("test_matrix"), table("test_records"), table("test_dags")
    listed = [
        (entry.id, entry.lie, STOPPED if entry.guard == "passed" else entry.guard, entry.says)
        for entry in matrix.MATRIX
    ]
    listed += [
        (number, lie, "every step refused", "the guard's record") for number, lie, _ in records.RECORDS
    ]
    listed += [(number, f"without a guard: {lie}", "refused", "the hook") for number, lie, _ in records.HOOKS]
    listed += [(number, lie, "does not load", "the policy") for number, lie, *_ in dags.NOT_LOADED]
    listed += [(number, lie, "refused", "the hook") for number, lie, _ in dags.RUNS]
    listed += [(number, lie, outcome, "the guard's task") for number, outcome, lie, *_ in dags.LIES]
    listed += [
        ("N10", "the marker is edited between the guard and the reset of one run", "refused", "the reset")
    ]
    return [f"| {' | '.join(entry)} |" for entry in listed]


def test_the_page_lists_every_situation_as_it_is_tested():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [row for row in rows() if row not in lines] == []


def test_the_page_lists_no_other_situation_and_counts_them_right():
    page = PAGE.read_text(encoding="utf-8")
    published = [
        line
        for line in page.splitlines()
        if line.startswith("| ") and line[2:5].strip("ABDHLMNPRS").isdigit()
    ]
    assert sorted(published) == sorted(rows())
    assert f"{len(published)} situations" in page


def test_there_are_at_least_sixty_situations_and_no_number_twice():
    numbers = [row.split(" | ")[0] for row in rows()]
    assert len(numbers) >= 60
    assert len(set(numbers)) == len(numbers)
