"""The money, reconciled to the cent between the places that speak of it."""

from staging_validation.money.books import (
    Account,
    Books,
    Charge,
    Event,
    Invoice,
    LedgerRow,
    Missing,
    Place,
    SeriesSum,
    ServiceSums,
)
from staging_validation.money.reconcile import reconcile

__all__ = [
    "Account",
    "Books",
    "Charge",
    "Event",
    "Invoice",
    "LedgerRow",
    "Missing",
    "Place",
    "SeriesSum",
    "ServiceSums",
    "reconcile",
]
