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
    refunds,
    search,
    subscriptions,
    test_clocks,
    webhook_endpoints,
)

OPERATIONS: tuple[Operation, ...] = (
    # Before the others: "search" stands where they take an id.
    *search.OPERATIONS,
    *balance.OPERATIONS,
    *charges.OPERATIONS,
    *customers.OPERATIONS,
    *events.OPERATIONS,
    *invoices.OPERATIONS,
    *payment_intents.OPERATIONS,
    *payment_methods.OPERATIONS,
    *prices.OPERATIONS,
    *products.OPERATIONS,
    *refunds.OPERATIONS,
    *subscriptions.OPERATIONS,
    *test_clocks.OPERATIONS,
    *webhook_endpoints.OPERATIONS,
)

__all__ = ["OPERATIONS"]
