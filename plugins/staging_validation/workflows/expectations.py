"""What a step expects of the API's answers, the database's rows and Stripe's objects.

Every expectation gives one result that names the customer, the fields, what was expected and what was there. An
expectation that fails does not end its step: the others of the step are still made and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pydantic import JsonValue

from staging_validation.workflows.ledger import Movement, expected_rows, in_order, summed
from staging_validation.workflows.model import Answer, Customer, Row, WebhookEvent
from staging_validation.workflows.proof import dashboard_link, recorded, seen_row, seen_rows
from staging_validation.workflows.record import Record
from staging_validation.workflows.rules import Expected, matches
from staging_validation.workflows.staging import Staging, Value

_REMEDY = {
    "api": "read the request and the answer in the evidence, and the service's log at that time",
    "database": "compare the rows in the evidence with the service's log for this customer",
    "metrics": "read the platform's /metrics: the series in the evidence are all it has of this counter",
    "stripe": "look the object up in Stripe's test mode, and compare it with the service's log for this customer",
}


class Reading(Protocol):
    """How an expectation reads: once, until it is good, or as long as it stays good."""

    def __call__(self, read: Callable[[], Value], good: Callable[[Value], bool], /) -> Value:
        """Return the value to judge."""


class Expectations:
    """The expectations that a step can have.

    Args:
        staging: Where to read.
        record: Where results go.
        reading: How to read.
    """

    def __init__(self, staging: Staging, record: Record, reading: Reading) -> None:
        self._staging = staging
        self._record = record
        self._reading = reading

    def answer(self, answer: Answer, http_status: int, /, **fields: Expected) -> None:
        """Expect an answer of the billing API.

        Args:
            answer: The answer.
            http_status: Its status.
            fields: Fields of its JSON; fields that are not named may be anything.
        """
        self._record.compare(
            "answer",
            f"answer to {answer.request}",
            {"http_status": http_status, **fields},
            answer.fields,
            evidence=answer.evidence,
            remedy=_REMEDY["api"],
        )

    def all_answers(self, answers: Sequence[Answer], http_status: int, /) -> None:
        """Expect many answers with one status: how many there are of each is compared."""
        counts: dict[str, JsonValue] = {"others": 0, str(http_status): 0}
        for answer in answers:
            name = str(http_status) if answer.status == http_status else "others"
            counts[name] = int(str(counts[name])) + 1
        other = next((answer.evidence for answer in answers if answer.status != http_status), None)
        self._record.compare(
            "answers",
            f"{len(answers)} answers by status",
            {"others": 0, str(http_status): len(answers)},
            counts,
            evidence={"first_other": other} if other else {},
            remedy=_REMEDY["api"],
        )

    def summary(self, customer: Customer, /, **fields: Expected) -> None:
        """Expect fields of the customer's summary at the billing API."""
        wanted = {"http_status": 200, **fields}
        answer = self._reading(
            lambda: self._staging.api.summary(customer.id), lambda seen: matches(wanted, dict(seen.fields))
        )
        self._record.compare(
            "summary",
            f"{customer.email}: summary",
            wanted,
            answer.fields,
            evidence=answer.evidence,
            remedy=_REMEDY["api"],
        )

    def customer(self, customer: Customer, /, **columns: Expected) -> None:
        """Expect columns of the customer's row in ``customers``."""
        self._one(
            "customer",
            f"{customer.email}: row {customer.id} in customers",
            lambda: self._staging.database.customer(customer.id),
            columns,
            "database",
        )

    def ledger(self, customer: Customer, /, *movements: Movement) -> None:
        """Expect exactly these movements in the customer's ledger, with ``balance_after`` as their running sum."""
        self._many(
            "ledger",
            f"{customer.email}: credit_transactions",
            lambda: in_order(self._staging.database.ledger(customer.id)),
            expected_rows(movements),
            "database",
        )

    def ledger_sums(self, customer: Customer, /, *, rows: int, **by_source: int) -> None:
        """Expect what a ledger of many rows comes to: its rows, its running sums, and the credits of each source."""
        wanted: dict[str, Expected] = {
            "rows": rows,
            "balance_after": sum(by_source.values()),
            "chain": "unbroken",
            **by_source,
        }
        self._one(
            "ledger_sums",
            f"{customer.email}: sums of credit_transactions",
            lambda: summed(self._staging.database.ledger(customer.id)),
            wanted,
            "database",
        )

    def balance(self, customer: Customer, credits_left: int, /) -> None:
        """Expect a ledger, whatever its rows, whose running sums are right and end at a balance."""
        self._one(
            "balance",
            f"{customer.email}: balance of credit_transactions",
            lambda: summed(self._staging.database.ledger(customer.id)),
            {"balance_after": credits_left, "chain": "unbroken"},
            "database",
        )

    def subscriptions(self, customer: Customer, /, *rows: Mapping[str, Expected]) -> None:
        """Expect exactly these rows of the customer in ``subscriptions``."""
        self._many(
            "subscriptions",
            f"{customer.email}: subscriptions",
            lambda: self._staging.database.subscriptions(customer.id),
            rows,
            "database",
        )

    def api_keys(self, customer: Customer, /, *rows: Mapping[str, Expected]) -> None:
        """Expect exactly these API keys of the customer; ``matches`` says which one onboarding returned."""
        self._many(
            "api_keys",
            f"{customer.email}: api_keys",
            lambda: self._staging.database.api_keys(customer.id, customer.api_key),
            rows,
            "database",
        )

    def events(self, customer: Customer, event_type: str, /, *rows: Mapping[str, Expected]) -> None:
        """Expect exactly these ``billing_events`` of one type that belong to the customer."""
        self._many(
            "events",
            f"{customer.email}: billing_events {event_type}",
            lambda: self._staging.database.events(customer_id=customer.id, event_type=event_type),
            rows,
            "database",
        )

    def event(self, event: WebhookEvent, /, *rows: Mapping[str, Expected]) -> None:
        """Expect exactly these ``billing_events`` with the event's id."""
        self._many(
            "event",
            f"event {event.id} ({event.type}): billing_events",
            lambda: self._staging.database.event(event.id),
            rows,
            "database",
        )

    def recorded_once(self, events: Sequence[WebhookEvent]) -> None:
        """Expect exactly one of the ``billing_events`` for each of many events, however often they were sent."""
        ids = list(dict.fromkeys(event.id for event in events))
        self._one(
            "recorded_once",
            f"{len(ids)} events ({ids[0]} to {ids[-1]}): billing_events",
            lambda: recorded(ids, self._staging.database.recorded(ids)),
            {"recorded": len(ids), "missing": [], "more_than_once": []},
            "database",
        )

    def fix_attempts(self, customer: Customer, /, *rows: Mapping[str, Expected]) -> None:
        """Expect exactly these ``fix_attempts`` of the customer."""
        self._many(
            "fix_attempts",
            f"{customer.email}: fix_attempts",
            lambda: self._staging.database.fix_attempts(customer.id),
            rows,
            "database",
        )

    def counter(self, metric: str, by: str, /, **sums: Expected) -> None:
        """Expect sums of a counter of the platform's own metrics, by the values of one label."""
        self._one(
            "counter", f"metric {metric} by {by}", lambda: self._staging.counter(metric, by), sums, "metrics"
        )

    def stripe_customer(self, customer: Customer, /, **fields: Expected) -> None:
        """Expect fields of the Stripe customer whose id the platform stored."""
        stripe_id = customer.stripe_id
        self._one(
            "stripe_customer",
            f"{customer.email}: Stripe customer {stripe_id or '(the platform stored no id)'}",
            lambda: self._staging.stripe.customer(stripe_id) if stripe_id else None,
            fields,
            "stripe",
            self._clock_of(customer),
        )

    def stripe_subscriptions(self, customer: Customer, /, *rows: Mapping[str, Expected]) -> None:
        """Expect exactly these subscriptions of the customer at Stripe."""
        self._at_stripe("subscriptions", customer, self._staging.stripe.subscriptions, rows)

    def stripe_invoices(self, customer: Customer, /, *rows: Mapping[str, Expected]) -> None:
        """Expect exactly these invoices of the customer at Stripe, newest first."""
        self._at_stripe("invoices", customer, self._staging.stripe.invoices, rows)

    def stripe_charges(self, customer: Customer, /, *rows: Mapping[str, Expected]) -> None:
        """Expect exactly these charges of the customer at Stripe, newest first."""
        self._at_stripe("charges", customer, self._staging.stripe.charges, rows)

    def _at_stripe(
        self,
        what: str,
        customer: Customer,
        listing: Callable[[str], Sequence[Row]],
        rows: Sequence[Mapping[str, Expected]],
    ) -> None:
        self._many(
            f"stripe_{what}",
            f"{customer.email}: Stripe {what} of {customer.stripe_id}",
            lambda: listing(customer.stripe_id) if customer.stripe_id else [],
            rows,
            "stripe",
            self._clock_of(customer),
        )

    def _clock_of(self, customer: Customer) -> dict[str, JsonValue]:
        """Return evidence of the test clock that a customer lives on, where there is one."""
        clock_id = customer.clock_id
        if clock_id is None:
            return {}
        clock: dict[str, JsonValue] = {"id": clock_id}
        if self._links():
            clock["dashboard"] = dashboard_link("test_helpers.test_clock", clock_id)
        return {"test_clock": clock}

    def _links(self) -> bool:
        """Whether Stripe's dashboard shows what was seen: a link to an object of a stand-in would lead nowhere."""
        return self._staging.stripe.has_dashboard

    def _one(
        self,
        what: str,
        subject: str,
        read: Callable[[], Row | None],
        expected: Mapping[str, Expected],
        source: str,
        further: Mapping[str, JsonValue] | None = None,
    ) -> None:
        seen = self._reading(read, lambda row: row is not None and matches(expected, dict(row)))
        links = source == "stripe" and self._links()
        evidence = {"seen": seen_row(seen, expected, links=links), **(further or {})}
        self._record.compare(what, subject, expected, seen, evidence=evidence, remedy=_REMEDY[source])

    def _many(
        self,
        what: str,
        subject: str,
        read: Callable[[], Sequence[Row]],
        expected: Sequence[Mapping[str, Expected]],
        source: str,
        further: Mapping[str, JsonValue] | None = None,
    ) -> None:
        seen = self._reading(read, lambda rows: matches(expected, [dict(row) for row in rows]))
        links = source == "stripe" and self._links()
        evidence = {**seen_rows(seen, expected, links=links), **(further or {})}
        self._record.compare_rows(what, subject, expected, seen, evidence=evidence, remedy=_REMEDY[source])
