"""One account: its state, its time, its events, and the way a request is carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from local_staging.stripe_sandbox import clocks, expand, params
from local_staging.stripe_sandbox.clock import Clock
from local_staging.stripe_sandbox.context import TEST_CLOCK, Context
from local_staging.stripe_sandbox.errors import InvalidRequestError, StripeApiError
from local_staging.stripe_sandbox.events import Cause, EventLog
from local_staging.stripe_sandbox.idempotency import Answer, IdempotencyKeys
from local_staging.stripe_sandbox.operations import Call, Operation
from local_staging.stripe_sandbox.resources.prices import make_price
from local_staging.stripe_sandbox.resources.products import make_product
from local_staging.stripe_sandbox.resources.webhook_endpoints import make_endpoint
from local_staging.stripe_sandbox.settings import DAY_SECONDS, Settings
from local_staging.stripe_sandbox.signing import new_signing_secret
from local_staging.stripe_sandbox.store import Store
from local_staging.stripe_sandbox.timeline import next_happening

PRO_AMOUNT_CENTS = 59_900
MAX_FORMER_SECRET_SECONDS = DAY_SECONDS


class Sandbox:
    """One account of the sandbox.

    Requests are carried out one after the other, each as a whole: nothing in here waits.

    Time passes on test clocks only, when they are advanced: a subscription of a customer without one keeps its
    first period.

    Args:
        clock: The time of everything that is made, unless it hangs on a test clock.
        settings: What the account decides about its billing.
        deliver: Takes every event with the id of an endpoint that wants it; None when nothing is posted.
        advance: Takes the id of a test clock that a request began to advance, to call :meth:`step` until it is
            ready; None when the caller of the requests does that.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        settings: Settings | None = None,
        deliver: Callable[[dict[str, Any], str], None] | None = None,
        advance: Callable[[str], None] | None = None,
    ) -> None:
        self.store = Store()
        self._clock = clock
        self._settings = settings or Settings()
        self._advance = advance
        self._events = EventLog(self.store, deliver=deliver)
        self._idempotency = IdempotencyKeys(clock)

    def seed_pro_price(self, price_id: str) -> None:
        """Make the product "Pro" and its monthly price, silently: they were there before anyone listened.

        Args:
            price_id: The price's id (``price_…``).
        """
        context = Context(self.store, self._clock, _ignore, self._settings)
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
        record = partial(self._events.record, cause=cause)
        return Context(self.store, self._clock, record, self._settings)

    def add_endpoint(self, url: str, secret: str) -> str:
        """Make a webhook endpoint that is told of everything, and return its id.

        Args:
            url: Where events are posted.
            secret: Its signing secret (``whsec_…``).
        """
        endpoint: str = make_endpoint(self.context(Cause()), url, secret, events=["*"])["id"]
        return endpoint

    def signing_secrets(self, endpoint: str) -> list[str]:
        """Return what an endpoint's events are signed with now, the newest first; nothing when it was deleted."""
        known = self.store.signing_secrets.get(endpoint)
        return known.valid(self._clock.now()) if known else []

    def roll_secret(self, endpoint: str, *, keep_seconds: int) -> str:
        """Give a webhook endpoint a new signing secret, as Stripe's dashboard does, and return it.

        Args:
            endpoint: The endpoint's id.
            keep_seconds: How long events carry a signature of the former secret as well.

        Raises:
            InvalidRequestError: There is no such endpoint, or the time is out of range.
        """
        self.context(Cause()).addressed("webhook_endpoint", endpoint)
        if not 0 <= keep_seconds <= MAX_FORMER_SECRET_SECONDS:
            raise InvalidRequestError(
                f"A former signing secret can be kept for 0 to {MAX_FORMER_SECRET_SECONDS} seconds, not "
                f"{keep_seconds}.",
                param="keep_seconds",
            )
        secret = new_signing_secret()
        self.store.signing_secrets[endpoint].roll(secret, former_until=self._clock.now() + keep_seconds)
        return secret

    def step(self, test_clock: str) -> bool:
        """Let the next thing happen on a test clock that is being advanced, or make the clock ready.

        Args:
            test_clock: The clock's id.

        Returns:
            Whether the clock is still being advanced.
        """
        clock = self.store.get(test_clock)
        if clock is None or clock.get("status") != "advancing":
            return False
        context = self.context(Cause())
        happening = next_happening(self.store, self._settings, test_clock)
        if happening is not None and happening.at <= clocks.target_of(clock):
            happening.take_place(context)
            return True
        clocks.finish(context, clock)
        return False

    def fail_advance(self, test_clock: str) -> None:
        """Say of a test clock that a step of its advancement broke."""
        context = self.context(Cause())
        clocks.fail(context, context.addressed(TEST_CLOCK, test_clock))

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
            answer = Answer(200, expand.expanded(value, paths, self.store), request_id)
        except StripeApiError as error:
            return Answer(error.status, error.body(), request_id)
        if self._advance and operation.method == "POST" and value.get("status") == "advancing":
            self._advance(value["id"])
        return answer


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


def _ignore(_type: str, _value: dict[str, Any], _previous: dict[str, Any] | None, _at: int) -> None:
    """Take an event and record nothing."""
