"""What campaigns share: results survive a kill and are never mixed; the summary says where they come from."""

from __future__ import annotations

import json
import os
import signal

import pytest

from campaigns import common
from campaigns.common import Journal, commit, ends_in_good_order, parser, write_summary
from staging_validation.errors import ConfigurationError

TERMS = {"commit": "abc", "seed": 7}


@pytest.fixture
def journal(tmp_path):
    opened = Journal.of("some", root=tmp_path)
    opened.begin(TERMS)
    return opened


def again(journal):
    return Journal(journal.path)


def test_results_are_json_lines_below_build(journal, tmp_path):
    journal.add({"run": 0})
    assert journal.path == tmp_path / "build" / "campaigns" / "some" / "results.jsonl"
    assert [json.loads(line) for line in journal.path.read_text().splitlines()] == [TERMS, {"run": 0}]


def test_a_campaign_resumes(journal):
    journal.add({"run": 0})
    resumed = again(journal)
    assert (resumed.terms, resumed.records) == (TERMS, [{"run": 0}])
    resumed.begin(TERMS)
    resumed.add({"run": 1})
    assert again(journal).records == [{"run": 0}, {"run": 1}] == resumed.records


@pytest.mark.parametrize("terms", [{"commit": "def", "seed": 7}, {"commit": "abc"}, {**TERMS, "more": 1}])
def test_results_on_other_terms_are_not_mixed(journal, terms):
    with pytest.raises(ConfigurationError, match="on other terms") as caught:
        again(journal).begin(terms)
    assert "--fresh" in caught.value.remedy


def test_fresh_starts_over(journal, tmp_path):
    journal.add({"run": 0})
    fresh = Journal.of("some", fresh=True, root=tmp_path)
    assert (fresh.terms, fresh.records) == (None, [])
    fresh.begin({"commit": "def"})
    assert again(journal).terms == {"commit": "def"}


def test_a_line_that_a_kill_tore_is_dropped(journal):
    journal.add({"run": 0})
    with journal.path.open("a") as torn:
        torn.write('{"run": 1, "sta')
    resumed = again(journal)
    assert resumed.records == [{"run": 0}]
    resumed.add({"run": 1})
    assert again(journal).records == [{"run": 0}, {"run": 1}]


def test_a_torn_first_line_is_no_start(journal):
    journal.path.write_text('{"comm')
    resumed = again(journal)
    assert resumed.terms is None
    resumed.begin(TERMS)
    assert again(journal).terms == TERMS


def test_the_summary_says_what_when_where_and_with_which_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "commit", lambda: ("abc", True))
    path = write_summary("some", {"runs": 3}, packages=("psycopg",), root=tmp_path)
    assert path == tmp_path / "campaigns" / "results" / "some.json"
    found = json.loads(path.read_text())
    assert (found["campaign"], found["commit"], found["working_tree_modified"], found["runs"]) == (
        "some",
        "abc",
        True,
        3,
    )
    assert found["date"].endswith("+00:00")
    assert found["machine"]["cores"] == os.cpu_count()
    assert set(found["versions"]) == {"python", "psycopg"}


def test_the_commit_is_gits_or_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "PROJECT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit() == ("unknown", False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit() == ("unknown", False)


@pytest.mark.parametrize("runs", ["0", "-1", "x", "1.5"])
def test_a_count_of_runs_is_at_least_one(runs, capsys):
    with pytest.raises(SystemExit):
        parser("some", None, runs=9).parse_args([f"--runs={runs}"])
    assert "is not 1 or more" in capsys.readouterr().err


def test_all_campaigns_have_the_same_options():
    chosen = parser("some", None, runs=9)
    assert vars(chosen.parse_args([])) == {"runs": 9, "seed": None, "fresh": False}
    assert vars(chosen.parse_args(["--runs", "5", "--seed", "3", "--fresh"])) == {
        "runs": 5,
        "seed": 3,
        "fresh": True,
    }


def test_a_termination_ends_it_as_ctrl_c_does():
    former = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), ends_in_good_order():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is former
