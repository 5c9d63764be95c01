"""Reconciles the books: one result for each equation between the places, to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from staging_validation.money.books import Account, Books, LedgerRow, Missing, Place, SeriesSum, ServiceSums
from staging_validation.money.credits import credit_faults
from staging_validation.money.differences import Difference, differences, named
from staging_validation.money.entries import (
    Entry,
    conflicting_events,
    event_entries,
    gross,
    invoice_and_charge_entries,
    ledger_entries,
    series_entries,
    stripe_entries,
)
from staging_validation.results import CheckResult, Kind, Outcome

_SHOWN = 5
_KEPT = 50
_EQUAL = "the same, to the cent, for every customer"
_READ_LOG = "compare the named objects with each other and with the service's log for this customer"
_RESTARTED = (
    "compare the service's metrics with its log; counters begin anew when the service is restarted, and each of "
    "several instances counts for itself"
)


def reconcile(books: Books) -> list[CheckResult]:
    """Compare what the places say, customer by customer, object by object, and in total.

    Args:
        books: What they say.

    Returns:
        One result for each equation; a difference names the customer, the objects and the cents. Where a place says
        nothing, its equations are skipped with the reason, or errored.
    """
    if not books.accounts:
        return [
            _skipped("customers", "customers of this run", "the workflows of this run signed up no customer")
        ]
    return _Reconciliation(books).results()


class _Reconciliation:
    """The equations over one set of books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._accounts = {account.id: account for account in books.accounts}
        self._gone = {account.id for account in books.accounts if not account.told_by_stripe}
        self._stripe = stripe_entries(books)
        self._ledger = ledger_entries(books)
        self._events = event_entries(books)
        self._invoiced = [entry for entry in self._events if not entry.charge]

    def results(self) -> list[CheckResult]:
        """Return one result for each equation."""
        return [
            *self._stripe_equations(),
            self._ledger_and_events(),
            *self._service_equations(),
            self._panel_equation(),
            self._total(),
            self._credits(),
        ]

    def _stripe_equations(self) -> list[CheckResult]:
        if len(self._gone) == len(self._accounts):
            return [_skipped("stripe", "what Stripe says", _gone_reason(self._books.accounts))]
        invoices, charges = invoice_and_charge_entries(self._books)
        results = [
            self._equation(
                "stripe_invoices",
                "Stripe's paid invoices are what its charges say",
                ("Stripe's invoices", invoices),
                ("Stripe's charges", charges),
            ),
            self._equation(
                "stripe_ledger",
                "Stripe's paid invoices and charges are what the credit ledger records",
                (Place.STRIPE.value, [entry for entry in self._stripe if entry.credited]),
                (Place.LEDGER.value, self._told(self._ledger)),
            ),
            self._equation(
                "stripe_events",
                "Stripe's paid invoices are what billing_events record",
                (Place.STRIPE.value, [entry for entry in self._stripe if not entry.charge]),
                (Place.EVENTS.value, [entry for entry in self._told(self._events) if not entry.charge]),
            ),
        ]
        if self._gone:
            results.append(_skipped("stripe_gone", "what Stripe says", _gone_reason(self._books.accounts)))
        return results

    def _told(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the entries that Stripe can know: not the run's own, and not of customers that are gone there."""
        return [entry for entry in entries if not entry.made and entry.customer not in self._gone]

    def _ledger_and_events(self) -> CheckResult:
        found = differences(
            self._accounts,
            (Place.LEDGER.value, [entry for entry in self._ledger if not entry.charge]),
            (Place.EVENTS.value, [entry for entry in self._invoiced if entry.credited]),
        )
        conflicts = [
            f"{named(self._accounts, customer)}: {said}" for customer, said in conflicting_events(self._books)
        ]
        subject = "the credit ledger's invoices are those of billing_events"
        return _result("ledger_events", subject, found, conflicts, compared=len(self._invoiced))

    def _charges(self) -> list[Entry]:
        """Return the charges that no invoice asks for: Stripe's, or the ledger's where Stripe tells nothing."""
        replaced = [entry for entry in self._ledger if entry.charge and entry.customer in self._gone]
        return [entry for entry in self._stripe if entry.charge] + replaced

    def _service_equations(self) -> list[CheckResult]:
        sums = self._books.metrics
        expected = {
            "metrics_invoices": (
                "the service's metrics count what was invoiced",
                list(gross(self._invoiced)),
            ),
            "metrics_payments": (
                "the service's metrics count what was paid",
                list(gross([*self._invoiced, *self._charges()])),
            ),
        }
        if isinstance(sums, Missing):
            return [_untold(check, subject, sums) for check, (subject, _) in expected.items()]
        return [
            self._counted(check, subject, entries, Place.METRICS, found)
            for (check, (subject, entries)), found in zip(
                expected.items(), (sums.invoices, sums.payments), strict=True
            )
        ]

    def _panel_equation(self) -> CheckResult:
        subject = "the revenue panel shows what was invoiced"
        if isinstance(self._books.panel, Missing):
            return _untold("revenue_panel", subject, self._books.panel)
        invoiced = list(gross(self._invoiced))
        return self._counted("revenue_panel", subject, invoiced, Place.PANEL, self._books.panel)

    def _counted(
        self, check: str, subject: str, expected: list[Entry], place: Place, sums: tuple[SeriesSum, ...]
    ) -> CheckResult:
        """Compare a metric's sums with the amounts it must have counted."""
        counted, broken = series_entries(place, sums)
        recorded = ("billing_events and the charges", expected)
        found = differences(self._accounts, recorded, (place.value, counted), by_customer=True)
        odd = [
            f"{named(self._accounts, one.customer)}: {one.series} says {one.value}, no whole number of cents"
            for one in broken
        ]
        return _result(check, subject, found, odd, remedy=_RESTARTED, compared=len(expected))

    def _equation(
        self, check: str, subject: str, left: tuple[str, list[Entry]], right: tuple[str, list[Entry]]
    ) -> CheckResult:
        found = differences(self._accounts, left, right)
        return _result(check, subject, found, compared=max(len(left[1]), len(right[1])))

    def _total(self) -> CheckResult:
        totals = self._totals()
        return CheckResult(
            id="money.total",
            kind=Kind.MONEY,
            subject=f"the money of {len(self._accounts)} customers, in total",
            outcome=Outcome.PASSED if len(set(totals.values())) == 1 else Outcome.FAILED,
            expected="the same number of cents everywhere",
            actual=dict[str, JsonValue](totals),
            evidence={"customers": len(self._accounts)},
            remedy=None
            if len(set(totals.values())) == 1
            else "see which customers the other money checks name",
        )

    def _totals(self) -> dict[str, int]:
        """Return what each place says of all payments: to each is added what it cannot know by its nature."""
        charges = self._charges()
        refunded = -_sum(entry for entry in self._stripe if entry.cents < 0)
        unknown = [entry for entry in self._invoiced if entry.made or entry.customer in self._gone]
        replaced = [entry for entry in charges if entry.place is Place.LEDGER]
        uncredited = [entry for entry in [*self._stripe, *unknown] if not entry.credited]
        totals = {
            Place.STRIPE.value: _sum(self._stripe) + _sum(unknown) + _sum(replaced),
            Place.LEDGER.value: _sum(self._ledger) + _sum(uncredited),
            Place.EVENTS.value: _sum(self._invoiced) + _sum(charges),
        }
        if isinstance(self._books.metrics, ServiceSums):
            totals[Place.METRICS.value] = _whole(self._books.metrics.payments) - refunded
        if not isinstance(self._books.panel, Missing):
            totals[Place.PANEL.value] = _whole(self._books.panel) + _sum(gross(charges)) - refunded
        return totals

    def _credits(self) -> CheckResult:
        rows: dict[int, list[LedgerRow]] = {account.id: [] for account in self._books.accounts}
        for row in self._books.ledger:
            rows.setdefault(row.customer, []).append(row)
        faults = [
            fault for account in self._books.accounts for fault in credit_faults(account, rows[account.id])
        ]
        return _result(
            "credits",
            "every customer's credits: ledger sum, balance and running sums",
            [],
            sorted(faults),
            compared=len(self._books.ledger),
        )


def _sum(entries: Iterable[Entry]) -> int:
    return sum(entry.cents for entry in entries)


def _whole(sums: tuple[SeriesSum, ...]) -> int:
    entries, _ = series_entries(Place.METRICS, sums)
    return _sum(entries)


def _result(
    check: str,
    subject: str,
    found: Sequence[Difference],
    sentences: Sequence[str] = (),
    *,
    compared: int,
    remedy: str = _READ_LOG,
) -> CheckResult:
    told = [*(difference.sentence for difference in found), *sentences]
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return CheckResult(
        id=f"money.{check}",
        kind=Kind.MONEY,
        subject=subject,
        outcome=Outcome.FAILED if told else Outcome.PASSED,
        expected=_EQUAL,
        actual="; ".join(told[:_SHOWN]) + more if told else _EQUAL,
        evidence={
            "compared": compared,
            **({"differences": [one.evidence for one in found[:_KEPT]]} if found else {}),
            **({"because": told[0]} if told else {}),
        },
        remedy=remedy if told else None,
    )


def _untold(check: str, subject: str, missing: Missing) -> CheckResult:
    if missing.error is None:
        return _skipped(check, subject, missing.reason)
    return CheckResult.from_error(
        missing.error,
        id=f"money.{check}",
        kind=Kind.MONEY,
        subject=subject,
        evidence={"reason": missing.reason},
    )


def _skipped(check: str, subject: str, reason: str) -> CheckResult:
    return CheckResult(
        id=f"money.{check}",
        kind=Kind.MONEY,
        subject=subject,
        outcome=Outcome.SKIPPED,
        evidence={"reason": reason},
    )


def _gone_reason(accounts: Sequence[Account]) -> str:
    gone = [account.email for account in accounts if not account.told_by_stripe]
    return f"Stripe tells nothing of {', '.join(gone)} any more: what hung on a test clock went with it"
