"""One account: its state, its time, its events, and the way a request is carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from local_staging.stripe_sandbox import expand, params
from local_staging.stripe_sandbox.clock import Clock
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError, StripeApiError
from local_staging.stripe_sandbox.events import Cause, EventLog
from local_staging.stripe_sandbox.idempotency import Answer, IdempotencyKeys
from local_staging.stripe_sandbox.operations import Call, Operation
from local_staging.stripe_sandbox.resources.prices import make_price
from local_staging.stripe_sandbox.resources.products import make_product
from local_staging.stripe_sandbox.store import Store

PRO_AMOUNT_CENTS = 59_900


class Sandbox:
    """One account of the sandbox.

    Requests are carried out one after the other, each as a whole: nothing in here waits.

    Args:
        clock: The time of everything that is made.
        deliver: Takes every event for delivery; None when there is no webhook endpoint.
    """

    def __init__(self, clock: Clock, *, deliver: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.store = Store()
        self._clock = clock
        self._events = EventLog(self.store, deliver=deliver)
        self._idempotency = IdempotencyKeys(clock)

    def seed_pro_price(self, price_id: str) -> None:
        """Make the product "Pro" and its monthly price, silently: they were there before anyone listened.

        Args:
            price_id: The price's id (``price_…``).
        """
        context = Context(self.store, self._clock, _ignore)
        product = make_product(context, f"prod_{price_id.partition('_')[2]}", name="Pro")
        make_price(
            context,
            price_id,
            product["id"],
            amount=PRO_AMOUNT_CENTS,
            currency="usd",
            nickname="Pro",
            recurring={"interval": "month"},
        )

    def context(self, cause: Cause) -> Context:
        """Return the surroundings of a request, or of something that happens by itself."""
        emit = partial(self._events.record, cause=cause, clock=self._clock)
        return Context(self.store, self._clock, emit)

    def answer(
        self,
        operation: Operation,
        ids: Mapping[str, str],
        given: Mapping[str, Any],
        *,
        api_key: str,
        cause: Cause,
    ) -> Answer:
        """Carry out a request.

        Args:
            operation: The operation.
            ids: The ids in the address.
            given: The decoded parameters.
            api_key: The key the request came with.
            cause: The request's id and its idempotency key.

        Raises:
            StripeApiError: The request was refused before it was carried out; nothing has changed.
        """
        key = cause.idempotency_key if operation.method == "POST" else None
        endpoint = f"{operation.method} {operation.path.format(**ids)}"
        if key is not None and (kept := self._idempotency.find(api_key, key, endpoint, given)):
            return kept
        checked = params.check(operation, given)
        paths = checked.pop("expand", [])
        expand.check_paths(paths)
        answer = self._carry_out(operation, Call(checked, **ids), paths, cause)
        if key is not None:
            self._idempotency.keep(api_key, key, endpoint, given, answer)
        return answer

    def _carry_out(self, operation: Operation, call: Call, paths: list[str], cause: Cause) -> Answer:
        request_id = cause.request_id or ""
        try:
            value = operation.handler(self.context(cause), call)
            return Answer(200, expand.expanded(value, paths, self.store), request_id)
        except StripeApiError as error:
            return Answer(error.status, error.body(), request_id)


def require_form(content_type: str, body: bytes) -> str:
    """Return the body of a request that is form-encoded or empty.

    Raises:
        InvalidRequestError: It is something else, such as JSON, or no UTF-8.
    """
    if body and content_type != "application/x-www-form-urlencoded":
        raise InvalidRequestError(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
        )
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise InvalidRequestError("Invalid request (the body is no UTF-8).") from None


def _ignore(_type: str, _value: dict[str, Any], _previous: dict[str, Any] | None) -> None:
    """Take an event and record nothing."""
