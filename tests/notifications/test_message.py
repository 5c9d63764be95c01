"""What a message says: the run, the counts, the three most telling results; and what it never says."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import staging_validation.notifications
from staging_validation.notifications import (
    Event,
    Links,
    Message,
    Waiting,
    late_message,
    not_green_message,
    recovered_message,
)
from staging_validation.notifications.message import SCHEMA_FILE, message_schema
from staging_validation.notifications.metrics import METRIC_NAMES
from staging_validation.notifications.telling import telling_results
from staging_validation.project import project_root
from staging_validation.results import Outcome, Severity

TOLD_AT = datetime(2026, 11, 23, 2, 5, tzinfo=timezone.utc)


def test_a_run_that_is_not_green(run, links, gathered, check):
    results = gathered(
        check("guard.verdict", "passed"),
        check("money.balance", "failed", evidence={"because": "a row is missing"}, remedy="read the ledger"),
        check("money.rows", "passed"),
        check("workflow.w01_signup.task", "errored"),
        check("alert.x", "failed", severity=Severity.WARNING),
    )
    message = not_green_message(run, results, links)
    assert (message.event, message.outcome, message.event_id) == (
        Event.NOT_GREEN,
        Outcome.FAILED,
        "nightly-3fa9c1d2e4b5:not_green",
    )
    assert {job.job.value: job.counts for job in message.jobs} == {
        "guard": {"passed": 1},
        "money": {"failed": 1, "passed": 1},
        "workflow": {"errored": 1},
        "alert": {"warning": 1},
    }
    first, second = message.findings
    assert (first.id, first.expected, first.actual) == ("money.balance", "19.00", "18.00")
    assert (first.because, first.remedy) == ("a row is missing", "read the ledger")
    assert second.id == "workflow.w01_signup.task"
    assert message.links == links


def test_the_most_telling_results_come_from_different_jobs_and_the_worst_first(check):
    results = [
        check("workflow.a", "errored"),
        check("workflow.b", "failed"),
        check("workflow.c", "failed"),
        check("workflow.d", "failed"),
        check("money.e", "failed"),
        check("guard.f", "refused"),
        check("reset.g", "passed"),
        check("reset.h", "skipped"),
    ]
    told = [result.id for result in telling_results(results)]
    assert told == ["guard.f", "workflow.b", "money.e", "workflow.c", "workflow.d", "workflow.a"]


def test_no_more_than_three_and_the_rest_is_counted(run, links, gathered, check):
    message = not_green_message(run, gathered(*(check(f"money.n{n}") for n in range(7))), links)
    assert len(message.findings) == 3
    assert message.further_findings == 4


def test_nothing_was_checked(run, links, gathered, check):
    message = not_green_message(run, gathered(check(outcome="skipped")), links)
    assert (message.outcome, message.findings) == (Outcome.FAILED, ())


def test_a_recovery_names_what_it_recovers_from(run, links, gathered, check):
    since = Waiting(run_id="nightly-000", event=Event.NOT_GREEN, outcome=Outcome.REFUSED, told_at=TOLD_AT)
    message = recovered_message(run, gathered(check(outcome="passed")), links, since=since)
    assert message.recovered_from.run_id == "nightly-000"
    assert message.event_id == "nightly-3fa9c1d2e4b5:recovered:nightly-000"


def test_long_values_are_cut(run, links, gathered, check):
    message = not_green_message(run, gathered(check(actual="x" * 5000, expected=[{"a": 1}])), links)
    (finding,) = message.findings
    assert len(finding.actual) == 300
    assert finding.actual.endswith("…")
    assert finding.expected == "a=1"


SECRETS = [
    "sk_" + "test_" + "a" * 24,
    "whsec_" + "b" * 24,
    "postgresql://user:hunter22@db/x",
    "password=hunter22",
    "Bearer " + "c" * 20,
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_never_stands_in_a_message(run, links, gathered, check, secret):
    result = check(
        subject=f"x {secret}",
        actual=secret,
        expected={"k": secret},
        remedy=f"use {secret}",
        evidence={"because": secret},
    )
    message = not_green_message(run, gathered(result), links, note=f"note {secret}")
    late = late_message(run, Links(report=f"x {secret}"), started_at=None, note=secret)
    for text in (message.model_dump_json(), late.model_dump_json()):
        for word in ("hunter22", "a" * 24, "b" * 24, "c" * 20):
            assert word not in text


def test_the_shipped_schema_is_the_models_and_accepts_every_message(run, links, gathered, check):
    shipped = Path(staging_validation.notifications.__file__).with_name(SCHEMA_FILE).read_text()
    assert shipped == message_schema()
    schema = json.loads(shipped)
    Draft202012Validator.check_schema(schema)
    since = Waiting(run_id="nightly-000", event=Event.LATE, told_at=TOLD_AT)
    for message in (
        not_green_message(run, gathered(*(check(f"money.n{n}") for n in range(7))), links, note="n"),
        recovered_message(run, gathered(check(outcome="passed")), links, since=since),
        late_message(run, links, started_at=None, note="late"),
    ):
        Draft202012Validator(schema).validate(json.loads(message.model_dump_json()))
        assert Message.model_validate_json(message.model_dump_json()) == message


def test_the_documented_example_follows_the_schema():
    page = (project_root() / "docs" / "notifications.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    Draft202012Validator(json.loads(message_schema())).validate(json.loads(example))
    assert set(json.loads(example)) == set(Message.model_fields)


def test_the_documentation_names_every_metric():
    page = (project_root() / "docs" / "notifications.md").read_text()
    assert all(f"`{name}`" in page for name in METRIC_NAMES)
