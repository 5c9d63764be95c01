"""Books that are right, of any shape: invoices, charges, refunds, made events, duplicates, any order of rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from staging_validation.money import (
    Account,
    Books,
    Charge,
    Event,
    Invoice,
    LedgerRow,
    SeriesSum,
    ServiceSums,
)
from staging_validation.money.books import INVOICE_METRIC, PAID_INVOICE, PAYMENT_METRIC, REFUNDED_CHARGE

RUN = "nightly-3fa9c1d2e4b5"
AMOUNTS = st.integers(1, 100_000)


@dataclass
class _Writer:
    """Writes the same payments into all places."""

    invoices: list[Invoice] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    balance: int = 0
    second: int = 0
    invoiced: int = 0
    charged: int = 0

    def row(self, customer: int, credits_: int, source: str, cents: int | None, about: str = "") -> None:
        self.balance += credits_
        name = f"row-{customer}-{len(self.ledger)}"
        written = f"2026-11-24T02:00:{self.second:02d}"
        self.ledger.append(LedgerRow(name, customer, credits_, self.balance, source, written, cents, about))

    def event(
        self, customer: int, type_: str, cents: int, about: str, *, credited: bool, made: str = ""
    ) -> None:
        name = f"evt_{made}{customer}_{len(self.events)}"
        self.events.append(Event(name, customer, type_, cents, about, credited))


@st.composite
def clean_books(draw: st.DrawFn) -> Books:
    """Draw the books of one to four customers, in which everything is equal."""
    writer = _Writer()
    accounts, invoiced, paid = [], [], []
    for customer in range(1, draw(st.integers(1, 4)) + 1):
        writer.balance = writer.second = writer.invoiced = writer.charged = 0
        writer.row(customer, 5, "trial_signup", None)
        for number in range(draw(st.integers(0, 5))):
            writer.second += draw(st.integers(0, 1))
            _payment(draw, writer, customer, number)
        email = f"w0{customer}-{RUN}-1@test.example.com"
        accounts.append(Account(customer, email, writer.balance))
        series = f'{INVOICE_METRIC}_sum{{customer_id="{customer}"}}'
        invoiced.append(SeriesSum(series, customer, float(writer.invoiced)))
        series = f'{PAYMENT_METRIC}_sum{{customer_id="{customer}"}}'
        paid.append(SeriesSum(series, customer, float(writer.invoiced + writer.charged)))
    return Books(
        RUN,
        tuple(accounts),
        tuple(writer.invoices),
        tuple(writer.charges),
        tuple(writer.ledger),
        tuple(writer.events),
        ServiceSums(tuple(invoiced), tuple(paid)),
        tuple(invoiced),
    )


def _payment(draw: st.DrawFn, writer: _Writer, customer: int, number: int) -> None:
    cents = draw(AMOUNTS)
    kind = draw(st.sampled_from(["invoice", "uncredited", "made", "made_uncredited", "charge", "fix"]))
    intent = f"pi_{customer}x{number}"
    if kind == "fix":
        writer.row(customer, -1, "fix_deployed", None)
        return
    if kind == "charge":
        refunded = draw(st.integers(0, cents))
        writer.charges.append(Charge(f"ch_{customer}x{number}", customer, cents, refunded, intent))
        writer.row(customer, 1, "purchased", cents, intent)
        writer.row(customer, -1, "fix_deployed", None)
        writer.charged += cents
        _refund(writer, customer, refunded, intent, credited=True)
        return
    credited = kind in ("invoice", "made")
    mark = f"w12_{RUN.replace('-', '_')}_" if kind.startswith("made") else ""
    invoice = f"in_{mark}{customer}x{number}"
    refunded = 0 if mark else draw(st.integers(0, cents))
    if not mark:
        writer.invoices.append(Invoice(invoice, customer, cents, (intent,), credited))
        writer.charges.append(Charge(f"ch_{customer}x{number}", customer, cents, refunded, intent))
    if credited:
        writer.row(customer, 60, "pro_subscription_payment", cents, invoice)
    for repeated in range(draw(st.integers(1, 2))):  # two events about one invoice count once
        writer.event(customer, PAID_INVOICE, cents, invoice, credited=credited and repeated == 0, made=mark)
    writer.invoiced += cents
    _refund(writer, customer, refunded, invoice, credited=credited)


def _refund(writer: _Writer, customer: int, cents: int, about: str, *, credited: bool) -> None:
    if cents:
        writer.event(customer, REFUNDED_CHARGE, cents, about, credited=credited)
        if credited:
            writer.row(customer, -1, "adjustment", -cents, about)


def shuffled(draw: st.DrawFn, books: Books) -> Books:
    """Return the same books in another order."""
    parts = {
        name: tuple(draw(st.permutations(getattr(books, name))))
        for name in ("accounts", "invoices", "charges", "ledger", "events", "panel")
    }
    return replace(books, **parts)


def repeated(books: Books) -> Books:
    """Return the same books with every object of Stripe, every row and every series read twice."""
    parts = {name: getattr(books, name) * 2 for name in ("invoices", "charges", "ledger", "events", "panel")}
    sums = books.metrics
    assert isinstance(sums, ServiceSums)
    return replace(books, metrics=ServiceSums(sums.invoices * 2, sums.payments * 2), **parts)
