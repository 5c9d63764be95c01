"""A platform in memory, with faults to switch on, and a session on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from copy import deepcopy
from typing import Any

from staging_validation.errors import DeadlineError, ServiceUnreachableError
from staging_validation.workflows import TEST_CLOCK, Answer, CleanUp, Customer, WebhookEvent, events

PRICE = "price_pro"
KEY = "rsolv_" + "k" * 43


class FakePlatform:
    """The platform's rules (API, database and Stripe) over dictionaries, and its queue of webhooks."""

    def __init__(self, faults: Collection[str]) -> None:
        self.faults = faults
        self.customers: dict[int, dict[str, Any]] = {}
        self.ledgers: dict[int, list[dict[str, Any]]] = {}
        self.plans: dict[int, list[dict[str, Any]]] = {}
        self.keys: dict[str, int] = {}
        self.recorded: list[dict[str, Any]] = []
        self.stripe: dict[str, dict[str, Any]] = {}
        self.queue: list[WebhookEvent] = []

    def credit(self, customer_id: int, amount: int, source: str) -> None:
        row = self.customers[customer_id]
        row["credit_balance"] += amount
        self.ledgers[customer_id].append(
            {
                "amount": amount,
                "source": source,
                "balance_after": row["credit_balance"] - (1 if "wrong_running_sum" in self.faults else 0),
                "inserted_at": "2026-11-24T02:00:00",
            }
        )

    def work(self) -> None:
        while self.queue:
            self._process(self.queue.pop(0))

    def _process(self, event: WebhookEvent) -> None:
        data = json.loads(event.body)["data"]["object"]
        known = [row for row in self.recorded if row["stripe_event_id"] == event.id]
        if known and "no_idempotency" not in self.faults:
            return
        stripe_id = data["id"] if data["object"] == "customer" else data["customer"]
        customer_id = next(i for i, row in self.customers.items() if row["stripe_customer_id"] == stripe_id)
        amount = data.get("amount_due")
        self.recorded.append(
            {
                "stripe_event_id": event.id,
                "event_type": event.type,
                "customer_id": customer_id,
                "amount_cents": 59_000 if "wrong_amount" in self.faults and amount else amount,
            }
        )
        if event.type == "invoice.payment_succeeded" and "no_credit" not in self.faults:
            self.credit(customer_id, 60, "pro_subscription_payment")


class FakeApi:
    def __init__(self, platform: FakePlatform) -> None:
        self.platform = platform
        self.absent: set[str] = set()

    def offers(self, operation: str) -> bool:
        return operation not in self.absent

    def onboard(self, email: str) -> Answer:
        if "down" in self.platform.faults:
            raise ServiceUnreachableError("billing API", "POST /onboard cannot be reached.")
        number = len(self.platform.customers) + 1
        credits_ = 4 if "four_credits" in self.platform.faults else 5
        stripe_id = None if "no_stripe_customer" in self.platform.faults else f"cus_{number}"
        row = {
            "id": number,
            "email": email,
            "active": True,
            "subscription_type": "trial",
            "subscription_state": None,
            "credit_balance": 0,
            "has_payment_method": False,
            "billing_consent_given": False,
            "stripe_customer_id": stripe_id,
            "stripe_subscription_id": None,
        }
        self.platform.customers[number] = row
        self.platform.ledgers[number], self.platform.plans[number] = [], []
        self.platform.credit(number, credits_, "trial_signup")
        self.platform.keys[KEY] = number
        self.platform.stripe[str(stripe_id)] = {"email": email, "subscriptions": [], "invoices": []}
        limits = {"trial_fixes_used": 0, "trial_fixes_limit": 5}
        customer = {"id": number, "email": email, "subscription_type": "trial", **limits}
        return Answer("POST /onboard", {"email": email}, 201, {"customer": customer, "api_key": KEY})

    def health(self, api_key: str | None = None) -> Answer:
        good = api_key in self.platform.keys or "any_key" in self.platform.faults
        return Answer("GET /health", None, 200 if good else 401, {"status": "ok"})

    def add_payment_method(self, customer_id: int, payment_method: str, *, consent: bool) -> Answer:
        row = self.platform.customers[customer_id]
        row.update(
            has_payment_method=True,
            billing_consent_given=consent,
            billing_consent_at="2026-11-24T02:00:00",
            stripe_payment_method_id="pm_1",
            subscription_type="pay_as_you_go",
        )
        for _ in range(2 if "double_bonus" in self.platform.faults else 1):
            self.platform.credit(customer_id, 5, "trial_billing_added")
        return self.summary(customer_id)

    def subscribe(self, customer_id: int) -> Answer:
        row = self.platform.customers[customer_id]
        if not row["has_payment_method"] and "pro_without_card" not in self.platform.faults:
            return Answer("POST /subscribe", {}, 422, {"error": {"code": "no_payment_method"}})
        row.update(subscription_type="pro", subscription_state="active", stripe_subscription_id="sub_1")
        self.platform.plans[customer_id].append(
            {"plan": "pro", "status": "active", "cancel_at_period_end": False}
        )
        remote = self.platform.stripe[row["stripe_customer_id"]]
        remote["subscriptions"].append({"status": "active", "livemode": False})
        remote["invoices"].append({"status": "paid", "amount_paid": 59_900})
        invoice = events.pro_invoice(
            "in_1", stripe_customer=row["stripe_customer_id"], price=PRICE, run_id="r", created=0
        )
        paid = events.event("evt_stripe", "invoice.payment_succeeded", created=0, data=invoice)
        self.platform.queue.append(paid)
        return self.summary(customer_id)

    def summary(self, customer_id: int) -> Answer:
        return Answer("GET /summary", None, 200, deepcopy(self.platform.customers[customer_id]))


class FakeRecords:
    def __init__(self, platform: FakePlatform) -> None:
        self.platform = platform

    def customer(self, customer_id: int) -> Any:
        return deepcopy(self.platform.customers.get(customer_id))

    def ledger(self, customer_id: int) -> Any:
        return deepcopy(self.platform.ledgers[customer_id])

    def subscriptions(self, customer_id: int) -> Any:
        return deepcopy(self.platform.plans[customer_id])

    def api_keys(self, customer_id: int, api_key: str) -> Any:
        return [
            {"active": True, "matches": key == api_key}
            for key, owner in self.platform.keys.items()
            if owner == customer_id
        ]

    def events(self, *, customer_id: int, event_type: str) -> Any:
        return [
            row
            for row in self.platform.recorded
            if row["customer_id"] == customer_id and row["event_type"] == event_type
        ]

    def event(self, stripe_event_id: str) -> Any:
        return [row for row in self.platform.recorded if row["stripe_event_id"] == stripe_event_id]


class FakeStripe:
    def __init__(self, platform: FakePlatform) -> None:
        self.platform = platform

    has_dashboard = True

    def customer(self, customer_id: str) -> Any:
        remote = self.platform.stripe[customer_id]
        metadata = {"customer_id": customer_id.removeprefix("cus_")}
        found = {"id": customer_id, "object": "customer", "email": remote["email"], "livemode": False}
        return {**found, "metadata": metadata}

    def subscriptions(self, customer_id: str) -> Any:
        return self.platform.stripe[customer_id]["subscriptions"]

    def invoices(self, customer_id: str) -> Any:
        return self.platform.stripe[customer_id]["invoices"]


class FakeStaging:
    """A session on the platform in memory: its time passes when someone waits."""

    run_id = "run-1"

    def __init__(self, faults: Collection[str] = ()) -> None:
        self.platform = FakePlatform(faults)
        self.api = FakeApi(self.platform)
        self.database = FakeRecords(self.platform)
        self.stripe = FakeStripe(self.platform)
        self.clean = CleanUp(("cus_1",))
        self.made = 0
        self.seconds = 0.0
        self.no_clocks: str | None = None

    def lacks(self, need: str) -> str | None:
        if need == TEST_CLOCK:
            if "clocks_fail" in self.platform.faults:
                raise ServiceUnreachableError("Stripe", "cannot be reached.")
            return self.no_clocks
        return None if self.api.offers(need) else f"this platform offers no operation {need}"

    def sign_up(self, *, on_clock: bool = False) -> Customer:
        answer = self.api.onboard("w00-run-1-1@test.example.com")
        row = self.platform.customers[answer.body["customer"]["id"]]  # type: ignore[index,call-overload]
        clock = "clock_1" if on_clock else None
        return Customer(row["id"], row["email"], KEY, row["stripe_customer_id"], answer, clock)

    def pro_invoice_paid(self, customer: Customer) -> WebhookEvent:
        self.made += 1
        invoice = events.pro_invoice(
            f"in_{self.made}", stripe_customer=str(customer.stripe_id), price=PRICE, run_id="r", created=0
        )
        return events.event(f"evt_{self.made}", "invoice.payment_succeeded", created=0, data=invoice)

    def send(self, event: WebhookEvent) -> Answer:
        self.platform.queue.append(event)
        status = 500 if "webhook_500" in self.platform.faults else 200
        return Answer("POST /webhook", event.body, status, {"status": "success"})

    def send_at_once(self, event: WebhookEvent, times: int) -> Sequence[Answer]:
        return [self.send(event) for _ in range(times)]

    def wait_until_processed(self, customer: Customer) -> None:
        if "queue_stalls" in self.platform.faults:
            raise DeadlineError("Waited 30 s for event evt_last to be recorded, in vain.")
        self.platform.work()

    def wait(self, read: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        self.platform.work()
        return read()

    def hold(self, read: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        value = read()
        if not good(value):
            return value
        self.platform.work()
        return read()

    def elapsed(self) -> float:
        self.seconds += 0.25
        return self.seconds

    def clean_up(self) -> CleanUp:
        done, self.clean = self.clean, CleanUp()
        return done
