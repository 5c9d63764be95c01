"""Reads what each place says about the money of a run's customers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families
from psycopg.rows import dict_row

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.json_values import json_value
from staging_validation.clients.money_rows import account, charge, event, invoice, ledger_row, number
from staging_validation.clients.polling import wait_for
from staging_validation.clients.postgres import looking
from staging_validation.clients.prometheus import PrometheusClient
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import DeadlineError, ServiceAnswerError, StagingValidationError
from staging_validation.money import (
    Books,
    Charge,
    Invoice,
    Missing,
    SeriesSum,
    ServiceSums,
    reconcile,
)
from staging_validation.money.books import INVOICE_METRIC, PAYMENT_METRIC
from staging_validation.results import CheckResult, Outcome
from staging_validation.telemetry.samples import Sample
from staging_validation.workflows.naming import address_prefix

if TYPE_CHECKING:
    import psycopg
    from pydantic import JsonValue
    from typing_extensions import LiteralString

    from staging_validation.workflows import Row

SETTLE_SECONDS = 15.0
"""How long webhooks on their way and the next scrape may take before a difference counts."""

_INTERVAL_SECONDS = 0.5
_UNKNOWN_CUSTOMER = (400, 404)
_CUSTOMERS = (
    "SELECT id, email, stripe_customer_id, credit_balance FROM customers WHERE email ~ %s ORDER BY id"
)
_LEDGER = """
SELECT id, customer_id, amount, balance_after, source, metadata, inserted_at FROM credit_transactions
WHERE customer_id = ANY(%s)
"""
_EVENTS = """
SELECT stripe_event_id, customer_id, event_type, amount_cents, metadata FROM billing_events
WHERE customer_id = ANY(%s)
"""


@dataclass(frozen=True)
class MoneySources:
    """The places that speak of the money.

    Attributes:
        connection: A connection to the staging database without an open transaction; it is only read.
        stripe: Stripe in test mode.
        api: The billing API, for the service's own metrics.
        prometheus: What the dashboard's panels are drawn from.
    """

    connection: psycopg.Connection[Any]
    stripe: StripeApi
    api: BillingApi
    prometheus: PrometheusClient

    def read(self, run_id: str) -> Books:
        """Read the books of a run's customers.

        Args:
            run_id: The run, whose name its customers' addresses carry.

        Raises:
            ServiceError: The database or Stripe cannot be asked. Metrics and Prometheus may be away: then the books
                say so.
        """
        with looking(self.connection), self.connection.transaction():
            customers = self._rows(_CUSTOMERS, f"^[^-@]+{re.escape(address_prefix('', run_id))}[0-9]+@")
            ids = [number(row["id"]) for row in customers]
            ledger = [ledger_row(row) for row in self._rows(_LEDGER, ids)]
            events = [event(row) for row in self._rows(_EVENTS, ids)]
        gone, invoices, charges = self._stripe(customers)
        metrics = self._metrics(ids)
        return Books(
            run_id,
            tuple(account(row, gone) for row in customers),
            tuple(invoices),
            tuple(charges),
            tuple(ledger),
            tuple(events),
            metrics,
            self._panel(ids, metrics),
        )

    def _rows(self, query: LiteralString, parameter: object) -> list[dict[str, JsonValue]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(query, [parameter]).fetchall()
        return [{name: json_value(value) for name, value in row.items()} for row in rows]

    def _stripe(self, customers: Sequence[Row]) -> tuple[set[int], list[Invoice], list[Charge]]:
        """Return whom Stripe tells nothing about any more, and the paid invoices and succeeded charges."""
        gone: set[int] = set()
        invoices: list[Invoice] = []
        charges: list[Charge] = []
        for row in customers:
            customer, stripe_id = number(row["id"]), row["stripe_customer_id"]
            if not isinstance(stripe_id, str):
                continue
            try:
                paid, charged = self.stripe.paid_invoices(stripe_id), self.stripe.charges(stripe_id)
            except ServiceAnswerError as error:
                if error.status not in _UNKNOWN_CUSTOMER:
                    raise
                gone.add(customer)
                continue
            invoices += [invoice(found, customer, self.stripe.pro_price_id) for found in paid]
            charges += [charge(found, customer) for found in charged if found["status"] == "succeeded"]
        return gone, invoices, charges

    def _metrics(self, ids: Sequence[int]) -> ServiceSums | Missing:
        if not self.api.offers("metrics"):
            return Missing("this platform offers no metrics (connection staging_api, extra paths)")
        try:
            families = {
                family.name: family.samples for family in text_string_to_metric_families(self.api.metrics())
            }
        except ServiceAnswerError as error:
            if error.status == 404:
                return Missing("this platform has no metrics endpoint: it answers 404")
            return Missing("the service's metrics could not be read", error)
        except StagingValidationError as error:
            return Missing("the service's metrics could not be read", error)
        absent = [metric for metric in (INVOICE_METRIC, PAYMENT_METRIC) if metric not in families]
        if absent:
            return Missing(f"this platform emits no {' and no '.join(absent)}")
        invoices, payments = (
            [Sample(found.name, found.labels, found.value) for found in families[metric]]
            for metric in (INVOICE_METRIC, PAYMENT_METRIC)
        )
        succeeded = [sample for sample in payments if sample.labels.get("status", "success") == "success"]
        return ServiceSums(
            tuple(_sums(invoices, f"{INVOICE_METRIC}_sum", ids)),
            tuple(_sums(succeeded, f"{PAYMENT_METRIC}_sum", ids)),
        )

    def _panel(self, ids: Sequence[int], metrics: ServiceSums | Missing) -> tuple[SeriesSum, ...] | Missing:
        """Return the raw sums of the series that the revenue panel shows.

        The panel's own ``increase()`` guesses between samples, and misses what a series is born with, so that no
        cent could be told by it.
        """
        metric = f"{INVOICE_METRIC}_sum"
        which = "|".join(map(str, ids))
        try:
            samples = (
                self.prometheus.query(f'{metric}{{customer_id=~"{which}",validation_run=""}}') if ids else []
            )
            known = samples or self.prometheus.query(f'count({metric}{{validation_run=""}})')
            scraped = known or self.prometheus.query(
                'count({__name__=~"rsolv_billing_.+",validation_run=""})'
            )
        except StagingValidationError as error:
            return Missing("Prometheus could not be asked", error)
        if not scraped:
            return Missing(
                "Prometheus holds no series of the platform itself: it does not scrape the service"
            )
        if not known and isinstance(metrics, Missing):
            return Missing(metrics.reason)
        return tuple(_sums(samples, metric, ids))


def reconcile_run(
    sources: MoneySources,
    run_id: str,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    check: Callable[[Books], list[CheckResult]] = reconcile,
) -> list[CheckResult]:
    """Reconcile a run's money; what is on its way, as a webhook or to the next scrape, is given time to arrive.

    On its way are differences, and what the service tells of itself while Prometheus holds nothing of it: then the
    first scrape is late, or one was missed, or nobody scrapes the service.

    Args:
        sources: The places.
        run_id: The run.
        settle_seconds: How long.
        check: The equations.

    Returns:
        The results of the first time at which nothing differs, else those of the last.

    Raises:
        ServiceError: See :meth:`MoneySources.read`.
    """
    last: list[list[CheckResult]] = []

    def settled() -> bool | None:
        books = sources.read(run_id)
        last[:] = [check(books)]
        differs = any(result.outcome is Outcome.FAILED for result in last[0])
        return None if differs or _unscraped(books) else True

    with suppress(DeadlineError):  # what was seen last is the finding
        wait_for(
            "the money to settle", settled, timeout_seconds=settle_seconds, interval_seconds=_INTERVAL_SECONDS
        )
    return last[0]


def _unscraped(books: Books) -> bool:
    return (
        not isinstance(books.metrics, Missing)
        and isinstance(books.panel, Missing)
        and books.panel.error is None
    )


def _sums(samples: Iterable[Sample], name: str, ids: Sequence[int]) -> Iterable[SeriesSum]:
    wanted = {str(number): number for number in ids}
    for sample in samples:
        customer = wanted.get(sample.labels.get("customer_id", ""))
        if sample.name == name and customer is not None:
            yield SeriesSum(sample.series, customer, sample.value)
