"""The page: complete, self-contained, accessible, and safe with hostile texts."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest

from staging_validation.reporting import render_html
from staging_validation.results import CheckResult, Kind, Outcome

VOID = {"meta", "br", "link", "img", "hr", "input"}


class _Page(HTMLParser):
    """Collects what the tests ask about, and fails on tags that are not nested properly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture
def page(gather, every_status):
    return _Page(render_html(gather(every_status), title="Night of the 24th"))


def test_header_names_outcome_run_start_and_duration(page):
    header = page.words
    assert "Night of the 24th" in header
    assert "No: 1 of 5 checks failed." in header
    assert "nightly-1" in header
    assert "2026-11-24 02:00:00 UTC" in header
    assert "2 min 5 s" in header


def test_what_failed_comes_first_the_worst_on_top(page):
    text = page.words
    failed = text.index("w01-x-1@test.example.com: customers row")
    errored = text.index("Panel 2 <script>")
    warned = text.index("Alert without runbook")
    everything = text.index("All results")
    assert failed < errored < warned < everything


def test_a_finding_shows_expected_actual_evidence_remedy_and_place(page):
    text = page.words
    assert "credit_balance (differs) 5 4" in text
    assert "subscription_type trial trial" in text
    assert "compare the row" in text
    assert "include/dashboards/billing.json#/panels/3" in text
    assert "ids a b" in text
    assert "differing_fields" not in text
    assert "empty none" in text


def test_evidence_of_records_is_a_table_with_headers(page):
    assert "source reading because required" in page.words


def test_skipped_checks_show_their_reason(page):
    assert "load is off" in page.words


def test_hostile_text_is_escaped(gather, every_status):
    html = render_html(gather(every_status), title="<b>&")
    assert "<script" not in html
    assert "&lt;b&gt;&amp;" in html


def test_nothing_is_loaded_from_elsewhere(gather, every_status):
    html = render_html(gather(every_status))
    assert not re.search(r"""(src|href)=["'](?!#|results\.json["'])""", html)
    assert "url(" not in html
    assert "@import" not in html


def test_structure_is_accessible(page):
    assert not page.open
    assert [tag for tag, _ in page.tags].count("h1") == 1
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(headings))
    assert ("html", {"lang": "en"}) in page.tags
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [str(attributes["href"])[1:] for tag, attributes in page.tags if tag == "a"]
    labels = [str(a["aria-labelledby"]) for _, a in page.tags if "aria-labelledby" in a]
    assert {*links, *labels} - {"esults.json"} <= set(ids)


def test_status_never_rests_on_colour_alone(page):
    for name in ("failed", "errored", "warning", "skipped", "passed"):
        assert re.search(rf"[✗!▲○✓] {name}", page.words)


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome.PASSED, "Yes: of 1 check, none failed."),
        (Outcome.ERRORED, "Not known: 1 of 1 check could not be made."),
        (Outcome.REFUSED, "Not asked: the guard refused this environment"),
    ],
)
def test_the_question_is_answered_for_every_outcome(gather, outcome, sentence):
    result = CheckResult(id="guard.marker", kind=Kind.GUARD, subject="Marker", outcome=outcome)
    assert sentence in _Page(render_html(gather([result]))).words


def test_a_run_without_results_says_that_it_proves_nothing(gather):
    text = _Page(render_html(gather([]))).words
    assert "No: nothing was checked, which proves nothing." in text
    assert "This run has no results." in text


def test_the_same_result_object_twice_keeps_its_links_unique(gather, every_status):
    page = _Page(render_html(gather(every_status * 2)))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
