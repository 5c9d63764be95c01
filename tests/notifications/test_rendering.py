"""A message on every channel: complete, within the channel's limits, and harmless whatever a result says."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from html.parser import HTMLParser

import pytest

from staging_validation.notifications import (
    Event,
    Links,
    Waiting,
    late_message,
    not_green_message,
    recovered_message,
)
from staging_validation.notifications.html import render_html
from staging_validation.notifications.mail import compose_mail
from staging_validation.notifications.slack import render_slack
from staging_validation.notifications.text import render_text, subject_line
from staging_validation.results import Outcome

AT = datetime(2026, 11, 24, 2, 5, tzinfo=timezone.utc)
RENDERED = {
    "text": render_text,
    "html": render_html,
    "slack": lambda message: json.dumps(render_slack(message), ensure_ascii=False),
}


@pytest.fixture
def message(run, links, gathered, check):
    results = [
        check(f"money.n{n}", evidence={"because": "the ledger lacks a row"}, remedy="look there")
        for n in range(5)
    ]
    return not_green_message(
        run, gathered(check("guard.verdict", "passed"), *results), links, note="One more thing."
    )


@pytest.mark.parametrize("render", RENDERED.values(), ids=RENDERED)
def test_everything_is_said_on_every_channel(message, render):
    said = render(message)
    for word in (
        "nightly-3fa9c1d2e4b5",
        "failed",
        "Guard",
        "1 passed",
        "5 failed",
        "customer 7",
        "money.n0",
        "money.n2",
        "19.00",
        "18.00",
        "the ledger lacks a row",
        "look there",
        "and 2 more",
        "1 min 15 s",
        "https://airflow.example.com/dags/x/runs/y",
        "https://reports.example.com/r",
        "scheduled__2026-11-24T02:00:00+00:00",
        "One more thing.",
    ):
        assert word in said
    assert "money.n3" not in said


@pytest.mark.parametrize("render", RENDERED.values(), ids=RENDERED)
def test_a_recovery_says_from_what(run, links, gathered, check, render):
    since = Waiting(run_id="nightly-000", event=Event.NOT_GREEN, outcome=Outcome.ERRORED, told_at=AT)
    said = render(recovered_message(run, gathered(check(outcome="passed")), links, since=since))
    assert "Run nightly-000 was errored" in said
    assert "staging_nightly has recovered" in said
    since = since.model_copy(update={"event": Event.LATE, "outcome": None})
    assert "was late" in render(recovered_message(run, gathered(check(outcome="passed")), links, since=since))


@pytest.mark.parametrize("render", RENDERED.values(), ids=RENDERED)
def test_a_late_run_without_links(run, render):
    said = render(late_message(run, Links(), started_at=AT, note="It should have ended by 2:45."))
    assert "has not ended by its deadline" in said
    assert "It should have ended by 2:45." in said
    assert "None" not in said


class Links_(HTMLParser):  # noqa: N801 - the name is taken
    """Gathers tags and addresses."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]


def test_what_a_result_says_is_never_markup(run, gathered, check):
    nasty = "<script>alert(1)</script> <!channel> <https://evil.example.com|x> & \r\nBcc: x@evil.example.com"
    result = check(subject=nasty, actual=nasty)
    message = not_green_message(run, gathered(result), Links(report="javascript:alert(1)"), note=nasty)
    page = Links_(render_html(message))
    assert "script" not in page.tags
    assert page.addresses == []
    slack = json.dumps(render_slack(message))
    assert "<!channel>" not in slack
    assert "<https://evil" not in slack
    mail = compose_mail(message, sender="a@test.example.com", recipients=["b@test.example.com"], at=AT)
    assert mail["Bcc"] is None
    assert "\n" not in subject_line(message)


def test_slacks_limits_are_kept(run, links, gathered, check):
    long = [check(f"money.n{n}", subject="&" * 5000, actual="<" * 5000, remedy=">" * 5000) for n in range(3)]
    message = not_green_message(run, gathered(*long), links, note="&" * 5000)
    body = render_slack(message)
    assert len(body["blocks"]) <= 50
    for block in body["blocks"]:
        for text in (block.get("text"), *block.get("elements", ())):
            if text:
                assert 0 < len(text["text"]) <= (150 if block["type"] == "header" else 3000)


def test_the_mail_has_two_parts_and_says_that_a_program_wrote_it(message):
    mail = compose_mail(
        message, sender="Night <a@test.example.com>", recipients=["b@x.org", "c@x.org"], at=AT
    )
    plain, page = mail.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert page.get_content_type() == "text/html"
    assert (mail["To"], mail["Auto-Submitted"]) == ("b@x.org, c@x.org", "auto-generated")
    assert mail["Subject"] == "[staging validation] staging_nightly failed (nightly-3fa9c1d2e4b5)"
    again = compose_mail(message, sender="Night <a@test.example.com>", recipients=["b@x.org"], at=AT)
    assert mail["Message-ID"] == again["Message-ID"]
    assert mail["Message-ID"].endswith("@test.example.com>")
    other = message.model_copy(update={"event_id": "other"})
    assert (
        compose_mail(other, sender="a@b.org", recipients=["b@x.org"], at=AT)["Message-ID"]
        != mail["Message-ID"]
    )
    assert max(map(len, mail.as_bytes().split(b"\r\n"))) <= 998
