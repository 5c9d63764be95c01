"""A sandbox without a server: requests carried out in memory, for tests that make very many of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox.context import TEST_CLOCK
from local_staging.stripe_sandbox.events import Cause
from local_staging.stripe_sandbox.operations import Operation
from local_staging.stripe_sandbox.resources import OPERATIONS
from local_staging.stripe_sandbox.sandbox import Sandbox
from local_staging.stripe_sandbox.settings import Settings

PRO = "price_local_pro"
WALL = 1_790_000_000
_CLOCKS = "/v1/test_helpers/test_clocks"


class _Wall:
    def now(self) -> int:
        return WALL


class RefusedError(Exception):
    """The sandbox answered with an error."""


class Account:
    """One account, and the requests to it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.sandbox = Sandbox(_Wall(), settings=settings)
        self.sandbox.seed_pro_price(PRO)

    def request(self, method: str, path: str, **params: Any) -> dict[str, Any]:
        """Carry out a request, and return the answer's body; raise RefusedError for an error."""
        operation, ids = _operation(method, path)
        answer = self.sandbox.answer(operation, ids, _form(params), api_key="sk_test_x", cause=Cause("req_1"))
        if answer.status != 200:
            raise RefusedError(answer.body["error"]["message"])
        return answer.body

    def post(self, path: str, **params: Any) -> dict[str, Any]:
        return self.request("POST", path, **params)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.request("GET", path, **params)

    def clock(self, frozen_time: int) -> str:
        identifier: str = self.post(_CLOCKS, frozen_time=frozen_time)["id"]
        return identifier

    def advance(self, clock: str, to: int) -> None:
        """Advance a clock to a time within its limit."""
        self.post(f"{_CLOCKS}/{clock}/advance", frozen_time=to)
        while self.sandbox.step(clock):
            pass

    def customer(self, clock: str | None, card: str | None) -> str:
        """Make a customer with a default card."""
        given = {"test_clock": clock} if clock else {}
        customer: str = self.post("/v1/customers", **given)["id"]
        if card:
            self.use(customer, card)
        return customer

    def use(self, customer: str, card: str) -> None:
        """Make a card the default of a customer."""
        method = self.post(f"/v1/payment_methods/{card}/attach", customer=customer)["id"]
        self.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": method})

    def price(self, amount: int, interval: str, count: int = 1) -> str:
        """Make a recurring price."""
        recurring = {"interval": interval, "interval_count": count}
        made = self.post(
            "/v1/prices", product="prod_local_pro", unit_amount=amount, currency="usd", recurring=recurring
        )
        identifier: str = made["id"]
        return identifier

    def kept(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind, the oldest first."""
        return self.sandbox.store.newest_first(kind)[::-1]

    def events(self) -> list[dict[str, Any]]:
        """Return the events but those of clocks, the oldest first."""
        return [event for event in self.kept("event") if not event["type"].startswith(TEST_CLOCK)]


def _operation(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    for operation in OPERATIONS:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.path)
        if operation.method == method and (match := re.fullmatch(pattern, path)):
            return operation, match.groupdict()
    raise LookupError(f"{method} {path}")


def _form(value: Any) -> Any:
    """Return parameters as a decoded form has them: strings in dicts and lists."""
    if isinstance(value, Mapping):
        return {key: _form(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_form(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
