"""What the doctor finds about one connection: results, and remedies that say which field to set and how."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from staging_validation.clients.connections import (
    GRAFANA,
    PROMETHEUS,
    PUSHGATEWAY,
    STAGING_API,
    STAGING_API_STRICT,
    STAGING_POSTGRES,
    STRIPE,
    ConnectionSettings,
)
from staging_validation.errors import StagingValidationError
from staging_validation.results import CheckResult, Kind, Outcome, Severity

ALERTMANAGER = "alertmanager_default"
RESULTS_POSTGRES = "results_postgres"
SMTP = "smtp_default"
SLACK = "slack_default"
WEBHOOK = "validation_webhook"

_HTTP: Mapping[str, Any] = {"conn_type": "http", "schema": "https"}
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    STAGING_POSTGRES: {
        "conn_type": "postgres",
        "host": "db.staging",
        "port": 5432,
        "schema": "billing",
        "login": "validator",
        "password": "***",
    },
    STAGING_API: {**_HTTP, "host": "billing.staging"},
    RESULTS_POSTGRES: {"conn_type": "postgres", "host": "db.results", "schema": "results"},
    STAGING_API_STRICT: {**_HTTP, "host": "billing-strict.staging"},
    PUSHGATEWAY: {"conn_type": "http", "host": "pushgateway.staging", "port": 9091},
    PROMETHEUS: {"conn_type": "http", "host": "prometheus.staging", "port": 9090},
    GRAFANA: {"conn_type": "http", "host": "grafana.staging", "port": 3000, "password": "***"},
    ALERTMANAGER: {"conn_type": "http", "host": "alertmanager.staging", "port": 9093},
    STRIPE: {
        "conn_type": "generic",
        "password": "***",
        "extra": {"webhook_secret": "***", "pro_price_id": "price_123"},
    },
    SMTP: {
        "conn_type": "smtp",
        "host": "mail.staging",
        "port": 465,
        "login": "validator",
        "password": "***",
        "extra": {"from_email": "validation@staging"},
    },
    SLACK: {"conn_type": "slackwebhook", "password": "***"},
    WEBHOOK: {**_HTTP, "host": "hooks.staging/validation"},
}
"""What each connection looks like; ``***`` stands for a secret."""


class Findings:
    """Collects the results about one connection.

    Args:
        conn_id: The connection.
    """

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id
        self.results: list[CheckResult] = []

    def passed(self, check: str, actual: JsonValue) -> None:
        """Say that something is as it should be."""
        self._add(check, Outcome.PASSED, actual=actual)

    def failed(
        self, check: str, actual: JsonValue, *, expected: JsonValue = None, remedy: str, warning: bool = False
    ) -> None:
        """Say that something is wrong.

        Args:
            check: The last part of the result's id.
            actual: What was found.
            expected: What should have been.
            remedy: What to set, and how.
            warning: Whether a run can do without.
        """
        severity = Severity.WARNING if warning else Severity.ERROR
        self._add(check, Outcome.FAILED, actual=actual, expected=expected, remedy=remedy, severity=severity)

    def refused(self, check: str, actual: str, *, remedy: str | None) -> None:
        """Say that something points at production: it was not asked."""
        self._add(check, Outcome.REFUSED, actual=actual, remedy=remedy)

    def skipped(self, check: str, reason: str, *, remedy: str | None = None) -> None:
        """Say that something was not looked at, and why."""
        self._add(check, Outcome.SKIPPED, evidence={"reason": reason}, remedy=remedy)

    def error(self, check: str, error: StagingValidationError, *, remedy: str | None = None) -> None:
        """Say that something could not be found out, or, where the error means that, that it is wrong."""
        self._add(check, error.outcome, actual=error.message, remedy=remedy or error.remedy)

    def misconfigured(self, check: str, error: StagingValidationError) -> None:
        """Say that the connection itself is wrong: here that is a finding, and no obstacle to one."""
        self.failed(check, error.message, remedy=error.remedy or how_to_set(self.conn_id))

    def _add(self, check: str, outcome: Outcome, **fields: Any) -> None:
        self.results.append(
            CheckResult(
                id=f"connection.{self.conn_id}.{check}",
                kind=Kind.CONNECTION,
                subject=self.conn_id,
                outcome=outcome,
                **fields,
            )
        )


def how_to_set(conn_id: str, field: str | None = None) -> str:
    """Say where a connection is set.

    Args:
        conn_id: The connection.
        field: The field that matters, as Airflow names it (``extra.pro_price_id`` is one of its extra field);
            the whole connection by default.

    Returns:
        The environment variable with an example in JSON, and the other ways. ``***`` stands for a secret.
    """
    example = json.dumps(EXAMPLES[conn_id])
    variable = f"AIRFLOW_CONN_{conn_id.upper()}='{example}'"
    ways = f"in Airflow under Admin, Connections, or for the command line as {variable}"
    if field is None:
        return f"create the connection {conn_id} {ways}, or in airflow_settings.yaml"
    return f"set {field} of the connection {conn_id} {ways}, or in airflow_settings.yaml (conn_host, conn_extra, …)"


def field_value(settings: ConnectionSettings, field: str) -> object:
    """Return the value of a field as Airflow names it; a password only as a sign that there is one."""
    if field.startswith("extra."):
        return settings.extra.get(field.removeprefix("extra."))
    named = {
        "host": settings.host,
        "schema": settings.database,
        "login": settings.login,
        "password": settings.password and settings.password.get_secret_value(),
    }
    return named[field]
