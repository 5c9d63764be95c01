"""Signing a customer up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from local_staging.service.customers import TRIAL
from local_staging.service.errors import InvalidFieldsError, RefusedError, StripeFailedError
from local_staging.service.keys import hash_api_key, new_api_key
from local_staging.service.ledger import SIGNUP_CREDITS, TRIAL_SIGNUP, grant
from local_staging.service.requests import OnboardRequest
from local_staging.service.work import Platform, UnitOfWork

TRIAL_FIXES_LIMIT = 5
"""Fixes of a new trial (platform contract, database)."""

_RESERVE = """
    SELECT nextval(pg_get_serial_sequence('customers', 'id')) AS id,
           EXISTS (SELECT 1 FROM customers WHERE email = %s) AS taken
"""
_INSERT = """
    INSERT INTO customers
        (id, name, email, metadata, trial_fixes_limit, stripe_customer_id, subscription_type, subscription_state,
         auto_provisioned, inserted_at, updated_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, NULL, true, %s, %s)
"""
_INSERT_KEY = """
    INSERT INTO api_keys (key_hash, name, customer_id, permissions, active, inserted_at, updated_at)
    VALUES (%s, 'Default', %s, '{full_access}', true, %s, %s)
"""


@dataclass(frozen=True)
class SignedUp:
    """A new customer.

    Attributes:
        customer: What the answer says about the customer.
        api_key: The API key in clear: nobody can read it again.
    """

    customer: dict[str, Any]
    api_key: str


def onboard(platform: Platform, request: OnboardRequest) -> SignedUp:
    """Sign a customer up: Stripe customer, row, five credits, API key.

    The Stripe customer comes first, so that nothing is stored when Stripe is away. It is deleted again when the
    row cannot be stored.

    Raises:
        InvalidFieldsError: The address is taken.
        RefusedError: 400 ``PROVISIONING_FAILED``, Stripe is away or refuses.
    """
    customer_id = _reserve_id(platform, request.email)
    stripe_customer_id = _provision(platform, request, customer_id)
    api_key = new_api_key()
    try:
        with platform.unit_of_work() as work:
            _store(work, request, customer_id, stripe_customer_id, api_key)
    except psycopg.errors.UniqueViolation:
        platform.stripe.delete_customer(stripe_customer_id)
        raise _taken() from None
    except psycopg.Error:
        platform.stripe.delete_customer(stripe_customer_id)
        raise
    return SignedUp(
        {
            "id": customer_id,
            "name": request.name,
            "email": request.email,
            "trial_fixes_limit": TRIAL_FIXES_LIMIT,
            "trial_fixes_used": 0,
            "subscription_type": TRIAL,
        },
        api_key,
    )


def _reserve_id(platform: Platform, email: str) -> int:
    # The Stripe customer carries the id of the row that is stored after it.
    with platform.unit_of_work() as work:
        reserved = work.connection.execute(_RESERVE, [email]).fetchone()
    if reserved is None or reserved["taken"]:
        raise _taken()
    customer_id: int = reserved["id"]
    return customer_id


def _provision(platform: Platform, request: OnboardRequest, customer_id: int) -> str:
    metadata = {"customer_id": str(customer_id), **({"source": request.source} if request.source else {})}
    try:
        return platform.stripe.create_customer(
            name=request.name,
            email=request.email,
            metadata=metadata,
            test_clock=request.stripe_test_clock,
        )
    except StripeFailedError as error:
        raise RefusedError(
            400, "PROVISIONING_FAILED", f"The customer could not be set up. {error.message}"
        ) from error


def _store(
    work: UnitOfWork, request: OnboardRequest, customer_id: int, stripe_customer_id: str, api_key: str
) -> None:
    metadata = {"source": request.source} if request.source else {}
    work.connection.execute(
        _INSERT,
        [
            customer_id,
            request.name,
            request.email,
            Jsonb(metadata),
            TRIAL_FIXES_LIMIT,
            stripe_customer_id,
            TRIAL,
            work.now,
            work.now,
        ],
    )
    work.connection.execute(_INSERT_KEY, [hash_api_key(api_key), customer_id, work.now, work.now])
    grant(work, customer_id, SIGNUP_CREDITS, TRIAL_SIGNUP, metadata)


def _taken() -> InvalidFieldsError:
    return InvalidFieldsError({"email": ["has already been taken"]})
