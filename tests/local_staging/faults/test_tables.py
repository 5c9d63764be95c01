"""The zoo as tables; the page in the documentation is the one that the zoo makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_staging.faults.__main__ import main
from local_staging.faults.model import Fault, Notice, Place
from local_staging.faults.tables import page, rate
from local_staging.faults.zoo import faults_of

PAGE = Path(__file__).parents[3] / "docs" / "bug_zoo.md"


def test_the_page_is_not_stale(capsys):
    assert main(["--markdown"]) == 0
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8"), (
        "write it anew: python -m local_staging.faults --markdown > docs/bug_zoo.md"
    )


def test_every_fault_is_listed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert [fault.name for place in Place for fault in faults_of(place) if fault.name not in listed] == []


@pytest.fixture
def zoo():
    noticed = Fault(
        "bad-price", "The price is right.", lambda _: None, Notice("w05_payg", "fix.answer", "a|b <c>")
    )
    missed = Fault("bad-key", "The key is right.", lambda _: None, unnoticed="nobody looks")
    return {Place.SERVICE: (noticed, missed), Place.SANDBOX: (noticed,)}


def test_a_page_has_the_rate_the_words_and_what_is_missed(zoo):
    text = page(zoo)
    assert "**2 of 3 are noticed (66.7 %).**" in text
    assert "| `bad-price` | The price is right. | `w05_payg` at `fix.answer`: “a\\|b &lt;c>” |" in text
    assert "| `bad-key` | The key is right. | Nobody looks. |" in text
    assert text.count("bad-key") == 1


def test_a_rate_is_in_percent():
    assert rate(39, 40) == "97.5 %"
