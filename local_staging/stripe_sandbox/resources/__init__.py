"""The operations of the API, one module an object."""

from __future__ import annotations

from local_staging.stripe_sandbox.operations import Operation
from local_staging.stripe_sandbox.resources import (
    balance,
    charges,
    customers,
    events,
    invoices,
    payment_intents,
    payment_methods,
    prices,
    products,
    subscriptions,
)

OPERATIONS: tuple[Operation, ...] = (
    *balance.OPERATIONS,
    *charges.OPERATIONS,
    *customers.OPERATIONS,
    *events.OPERATIONS,
    *invoices.OPERATIONS,
    *payment_intents.OPERATIONS,
    *payment_methods.OPERATIONS,
    *prices.OPERATIONS,
    *products.OPERATIONS,
    *subscriptions.OPERATIONS,
)

__all__ = ["OPERATIONS"]
