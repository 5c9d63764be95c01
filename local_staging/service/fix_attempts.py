"""Fix attempts: what the platform knows of a pull request it made."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from local_staging.service.errors import RefusedError
from local_staging.service.requests import FixAttemptRequest
from local_staging.service.work import Platform

_INSERT = """
    INSERT INTO fix_attempts
        (github_org, repo_name, issue_number, pr_number, customer_id, status, metadata, inserted_at, updated_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    RETURNING id, status, github_org, repo_name, pr_number, billing_status
"""


def create_fix_attempt(platform: Platform, customer_id: int, request: FixAttemptRequest) -> dict[str, Any]:
    """Record a fix attempt of a customer, and return it.

    Raises:
        RefusedError: 409, this pull request is recorded already.
    """
    try:
        with platform.unit_of_work() as work:
            created = work.connection.execute(
                _INSERT,
                [
                    request.github_org,
                    request.repo_name,
                    request.issue_number,
                    request.pr_number,
                    customer_id,
                    request.status,
                    Jsonb(request.metadata),
                    work.now,
                    work.now,
                ],
            ).fetchone()
    except psycopg.errors.UniqueViolation as error:
        raise RefusedError(
            409,
            "DUPLICATE",
            f"Pull request {request.pr_number} of {request.github_org}/{request.repo_name} has a fix attempt already.",
        ) from error
    return dict(created or {})
