"""The message: what a channel renders in its own way, and what the webhook gets as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from staging_validation.results.model import Kind, Severity
from staging_validation.results.outcomes import Outcome
from staging_validation.results.redaction import redact

SCHEMA_FILE = "message.schema.json"
"""The file in this package that holds the JSON schema; a test keeps it in step with the model."""

_Text = Annotated[str, AfterValidator(redact)]


class Event(str, Enum):
    """Why people are told."""

    NOT_GREEN = "not_green"
    """A run has ended, and not everything passed."""
    RECOVERED = "recovered"
    """The first green run after one that people were told of."""
    LATE = "late"
    """A run has not ended by its deadline."""


@dataclass(frozen=True)
class RunName:
    """The names of a run.

    Attributes:
        dag_id: The DAG's id.
        airflow_run_id: Airflow's run id.
        run_id: The validation run's name.
    """

    dag_id: str
    airflow_run_id: str
    run_id: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JobCount(_Part):
    """How the results of one job came out.

    Attributes:
        job: The job.
        title: What people call it.
        counts: How many results there are of each status, the worst first. The statuses are the outcomes, and
            ``warning`` for a failed check that fails no run.
    """

    job: Kind
    title: str
    counts: dict[str, int]


class Finding(_Part):
    """One result that tells why the run came out as it did.

    Attributes:
        id: The check's stable name.
        job: The job it belongs to.
        subject: What was looked at.
        outcome: What became of it.
        severity: How much it weighs.
        expected: What should have been there, in one line; None where there is nothing to compare.
        actual: What was there, in one line.
        because: Why, where the check knows it.
        remedy: What the reader can do about it.
    """

    id: str
    job: Kind
    subject: _Text
    outcome: Outcome
    severity: Severity
    expected: _Text | None = None
    actual: _Text | None = None
    because: _Text | None = None
    remedy: _Text | None = None


class Links(_Part):
    """Where to read on.

    Attributes:
        airflow_run: The run in Airflow's UI; None where Airflow does not know its own address.
        report: The run's report: a URL or a path; None where there is none.
    """

    airflow_run: _Text | None = None
    report: _Text | None = None


class EarlierRun(_Part):
    """The run from which this one has recovered.

    Attributes:
        run_id: Its name.
        event: What people were told of it.
        outcome: Its outcome; None where it was late.
        told_at: When people were told, with time zone.
    """

    run_id: str
    event: Event
    outcome: Outcome | None = None
    told_at: AwareDatetime


class Message(_Part):
    """What people are told of one run. Secrets of a known shape are masked on construction.

    Attributes:
        schema_version: It grows when a reader of the former version would misread the new one.
        event: Why people are told.
        event_id: The same for every delivery of the same message, and another for any other: receivers that see
            one twice may drop the second.
        dag_id: The DAG's id.
        airflow_run_id: Airflow's run id.
        run_id: The validation run's name, as in the report.
        outcome: The run's outcome; None while it has none.
        started_at: When it began, with time zone.
        finished_at: When its results were gathered, with time zone; None while it has not ended.
        jobs: The results counted by job, in the order of a run.
        findings: The most telling results, the most telling first; three at most.
        further_findings: How many more there are like these.
        links: Where to read on.
        recovered_from: With ``recovered``: from which run.
        note: What else there is to say, in one sentence.
    """

    schema_version: Literal[1] = 1
    event: Event
    event_id: str
    dag_id: _Text
    airflow_run_id: _Text
    run_id: _Text
    outcome: Outcome | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    jobs: tuple[JobCount, ...] = ()
    findings: tuple[Finding, ...] = Field(default=(), max_length=3)
    further_findings: int = Field(default=0, ge=0)
    links: Links = Links()
    recovered_from: EarlierRun | None = None
    note: _Text | None = None


def message_schema() -> str:
    """Return the schema as it stands in :data:`SCHEMA_FILE`: JSON Schema 2020-12, indented."""
    schema = Message.model_json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"
