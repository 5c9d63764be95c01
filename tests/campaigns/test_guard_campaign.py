"""The short form of the guard's mutation run, and proof that it would notice a check that no test needs."""

from __future__ import annotations

import pytest

from campaigns.common import PROJECT, Journal
from campaigns.guard import EQUIVALENT, MODULES, Scope, main, read_equivalent, run, summarise, told
from campaigns.guard_mutants import mutants
from campaigns.guard_trial import KILLED, PACKAGE, SURVIVED, Workshop

EXAMPLE = '''
"""Documentation stays."""
ALLOWED = frozenset({"staging", "test"})

def check(name, *, strict=True):
    """Prose stays, and so does a message."""
    if not name or name in ALLOWED:
        raise ValueError(f"{name} is wrong")
    confirm(name.strip())
    return [first(name), second(name)], Reading.PRODUCTION
'''


def made(source=EXAMPLE):
    return {mutant.id.removeprefix("example.py:"): mutant.source for mutant in mutants("example.py", source)}


@pytest.mark.parametrize(
    ("mutant", "has", "has_not"),
    [
        ("check: always: not name or name in ALLOWED", "if True:", None),
        ("check: never: not name or name in ALLOWED", "if False:", None),
        ("check: without part 1: not name or name in ALLOWED", "if name in ALLOWED:", None),
        ("check: opposite: name in ALLOWED", "name not in ALLOWED", None),
        ("check: opposite: not name", "if name or name", None),
        ("check: not raised: raise ValueError(f'{name} is wrong')", "pass", "raise"),
        ("check: not called: confirm(name.strip())", "pass", "confirm"),
        ("check: without strip: name.strip()", "confirm(name)", "strip"),
        ("check: left out: second(name)", "[first(name)]", "second"),
        ("check: becomes False: True", "strict=False", None),
        ("check: becomes NON_PRODUCTION: Reading.PRODUCTION", "Reading.NON_PRODUCTION", None),
        ("module: left out: 'test'", "frozenset({'staging'})", "'test'"),
        ("module: another word: 'staging'", "'another_word'", "'staging'"),
    ],
)
def test_every_kind_of_check_is_taken_out(mutant, has, has_not):
    source = made()[mutant]
    assert has in source
    assert has_not is None or has_not not in source


def test_prose_annotations_and_what_only_type_checkers_see_stay():
    quiet = '''
"""One."""
if TYPE_CHECKING:
    import x

def f(a: "str | None") -> "bool":
    """Two."""
    log("a message")
'''
    assert set(made(quiet)) == {"f: not called: log('a message')"}


def test_entries_of_a_mapping_go_with_their_keys():
    source = made('x = {"a": f(1), "b": f(2)}')["module: left out: f(2)"]
    assert source == "x = {'a': f(1)}"


def test_every_mutant_of_the_guard_has_its_own_name_and_is_python():
    folder = PROJECT / PACKAGE
    found = [
        mutant
        for pattern in MODULES
        for path in sorted(folder.glob(pattern))
        for mutant in mutants(path.relative_to(folder).as_posix(), path.read_text())
    ]
    for mutant in found:
        compile(mutant.source, mutant.id, "exec")
    names = {mutant.id for mutant in found}
    assert len(names) == len(found) > 500
    assert set(read_equivalent(EQUIVALENT)) <= names


def test_an_equivalent_mutant_needs_a_reason(tmp_path):
    listed = tmp_path / "equivalent.yaml"
    listed.write_text('- reason: " "\n  mutants: ["a: b"]\n')
    with pytest.raises(ValueError, match="no reason for a: b"):
        read_equivalent(listed)


def test_the_summary_counts_and_names_what_is_left():
    found = {
        "m: a": {"module": "m", "outcome": KILLED},
        "m: b": {"module": "m", "outcome": SURVIVED},
        "m: c": {"module": "m", "outcome": "equivalent"},
    }
    summary = summarise(found, {"m: c": "no difference", "m: other": "not in scope"}, ["m: gone"])
    assert (summary["mutants"], summary["killed"], summary["survived"]) == (3, 1, ["m: b"])
    assert summary["equivalent"] == {"m: c": "no difference"}
    assert told(summary) == [
        "Survived: m: b",
        "Listed as equivalent, but there is no such mutant: m: gone",
        "3 mutants: 1 killed, 1 survived, 1 equivalent.",
    ]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    with Workshop(PROJECT, tmp_path_factory.mktemp("workshop") / "tree") as prepared:
        yield prepared


@pytest.mark.timeout(170)
def test_a_few_mutants_die_and_the_next_run_goes_on_from_there(workshop, tmp_path):
    scope = Scope(only="environment/verdict.py:judge", every=2, limit=4, stages=1)
    journal = Journal.of("guard", root=tmp_path)
    summary = run(scope, journal, workshop)
    assert (summary["mutants"], summary["killed"], summary["survived"]) == (4, 4, [])
    assert len(journal.records) == 4
    again = Journal.of("guard", root=tmp_path)
    assert run(scope, again, workshop, baseline=False)["killed"] == 4
    assert len(again.records) == 4


@pytest.mark.timeout(170)
def test_a_change_that_no_test_notices_survives(workshop):
    module = "environment/names.py"
    source = workshop.source(module)
    assert workshop.try_source(module, f"{source}\nUNUSED = True\n", stages=1).outcome == SURVIVED
    assert workshop.try_source(module, "RUNNABLE = {", stages=1).outcome == KILLED
    assert (workshop.folder / PACKAGE / module).read_text() == source


def test_the_command_line_says_what_it_can_do(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "--fresh" in capsys.readouterr().out
