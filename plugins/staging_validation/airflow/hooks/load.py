"""The instance of the billing service that keeps the contract's rate limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from staging_validation.airflow.hooks.services import ServiceHook
from staging_validation.airflow.hooks.settings import settings_of
from staging_validation.clients.connections import STAGING_API_STRICT

if TYPE_CHECKING:
    from staging_validation.clients.billing_api import BillingApi


def strict_billing_api() -> BillingApi | None:
    """Build the client of the connection ``staging_api_strict``, after the guard's check.

    Returns:
        The client; None when there is no such connection.

    Raises:
        GuardRefusedError: No guard passed in this run, or something is not what it saw.
        ConfigurationError: The connection has no address.
    """
    from staging_validation.clients.billing_api import BillingApi

    try:
        BaseHook.get_connection(STAGING_API_STRICT)
    except AirflowNotFoundException:
        return None
    paths = settings_of(STAGING_API_STRICT).extra.get("paths")
    service = ServiceHook("Billing API (strict)", STAGING_API_STRICT).service()
    return BillingApi(service, paths=paths if isinstance(paths, dict) else None)  # type: ignore[arg-type] # it checks
