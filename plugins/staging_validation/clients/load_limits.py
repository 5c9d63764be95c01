"""Meets the platform's rate limits on purpose, at an instance of the service that keeps them."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import socket
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import JsonValue

from staging_validation.clients.connections import STAGING_API_STRICT
from staging_validation.clients.load_sender import LoadSender
from staging_validation.clients.load_shots import Reply, Request
from staging_validation.clients.load_target import STRICT_NUMBER, addresses
from staging_validation.clients.polling import wait_for
from staging_validation.environment.evidence import Reading
from staging_validation.environment.sources import from_health
from staging_validation.errors import CheckFailedError, GuardRefusedError, ServiceUnreachableError
from staging_validation.load.limits import (
    API_PER_MINUTE,
    ONBOARD_PER_MINUTE,
    RETRY_AFTER,
    WINDOW_SECONDS,
    LimitedAnswer,
    check_keyed,
    check_onboarding,
    check_unaffected,
)
from staging_validation.results import CheckResult, Kind, Outcome

if TYPE_CHECKING:
    from staging_validation.clients.billing_api import BillingApi
    from staging_validation.clients.load_records import LoadRecords

_AT_ONCE = 4
_LONGEST_SECONDS = 50.0
"""How long the calls up to the limit may take: the one over it must come in the same minute."""

_ANOTHER_ADDRESS = "load.limits.onboarding_other"


class LimitCheck:
    """The check of both limits.

    Args:
        api: An instance of the service that keeps the contract's limits, on the same database.
        records: The staging database.
        run_id: The run.
        attempt: Which try of the run it is, from 1.
        onboard_per_minute: The limit of sign-ups for a client address.
        api_per_minute: The limit of keyed calls for a customer.
        wait_seconds: How long to wait for a minute to pass that somebody else has begun.
    """

    def __init__(
        self,
        api: BillingApi,
        records: LoadRecords,
        *,
        run_id: str,
        attempt: int = 1,
        onboard_per_minute: int = ONBOARD_PER_MINUTE,
        api_per_minute: int = API_PER_MINUTE,
        wait_seconds: float = WINDOW_SECONDS + 10,
    ) -> None:
        self._api = api
        self._records = records
        self._name = f"{run_id} {attempt}"
        self._onboard_per_minute = onboard_per_minute
        self._api_per_minute = api_per_minute
        self._wait_seconds = wait_seconds
        self._emails = addresses(
            run_id, attempt, range(STRICT_NUMBER, STRICT_NUMBER + onboard_per_minute + 2)
        )
        self._own = client_address(api.http.base_url, f"{self._name} one")
        self._other = client_address(api.http.base_url, f"{self._name} other")

    def run(self) -> list[CheckResult]:
        """Sign up until the limit says no, call with a key until it says no, and see that nobody else suffers.

        Raises:
            GuardRefusedError: The instance says that it is production, or writes to another database.
            CheckFailedError: It takes no sign-up at all.
            ServiceUnreachableError: It does not answer, or too slowly to reach a limit within its minute.
        """
        self._refuse_production()
        keys, results = self._onboarding()
        results.append(self._other_address())
        return [*results, *self._keyed(keys)]

    def _onboarding(self) -> tuple[list[str], list[CheckResult]]:
        """Sign up ten customers, and one more; return their API keys and what was found."""
        began = time.monotonic()
        first = self._first_sign_up()
        if not self._records.members(self._emails[:1]):
            raise GuardRefusedError(
                f"{self._emails[0]} was signed up at the instance of {STAGING_API_STRICT}, and is not in the staging "
                "database: the instance has another database. Nothing but this one customer was made.",
                remedy=f"point {STAGING_API_STRICT} at an instance on the database of staging_postgres",
            )
        sender = self._sender(self._own)
        asked = [self._sign_up_request(email) for email in self._emails[1 : self._onboard_per_minute + 1]]
        replies = [first, *sender.ask(asked)]
        _in_one_minute(self._api, "sign-ups", began)
        return [key for reply in replies if (key := _api_key(reply))], check_onboarding(_limited(replies))

    def _first_sign_up(self) -> Reply:
        """Sign the first one up; where somebody has used the minute up already, when it is over."""
        sender, last = self._sender(self._own), list[Reply]()

        def taken() -> Reply | None:
            last[:] = sender.ask([self._sign_up_request(self._emails[0])])
            return None if last[0].status == 429 else last[0]

        first = wait_for(
            "a minute of the onboarding limit to pass that was begun before",
            taken,
            timeout_seconds=self._wait_seconds,
            interval_seconds=2.0,
            remedy="see who else signs up from this address, or whether the limit never ends",
        )
        if first.status != 201:
            raise CheckFailedError(
                f"The first sign-up at {STAGING_API_STRICT} answered {first.status}, expected 201.",
                remedy="read the log of that instance",
            )
        return first

    def _other_address(self) -> CheckResult:
        subject = "a sign-up from another client address"
        if self._other is None:
            return CheckResult(
                id=_ANOTHER_ADDRESS,
                kind=Kind.LOAD,
                subject=subject,
                outcome=Outcome.SKIPPED,
                evidence={"reason": "this machine has one address towards the service"},
            )
        replies = self._sender(self._other).ask([self._sign_up_request(self._emails[-1])])
        return check_unaffected(
            _ANOTHER_ADDRESS.rpartition(".")[2], subject, _limited(replies)[0], status=201
        )

    def _keyed(self, keys: Sequence[str]) -> list[CheckResult]:
        if len(keys) < 2:
            return [
                CheckResult(
                    id="load.limits.keyed",
                    kind=Kind.LOAD,
                    subject="keyed calls",
                    outcome=Outcome.SKIPPED,
                    evidence={"reason": "fewer than two sign-ups gave an API key"},
                )
            ]
        began, call = time.monotonic(), _health_call(self._api, keys[0])
        sender = self._sender(self._own)
        replies = sender.ask([call])
        replies += sender.ask([call] * (self._api_per_minute - 1), at_once=_AT_ONCE)
        replies += sender.ask([call])
        _in_one_minute(self._api, "keyed calls", began)
        (other,) = _limited(sender.ask([_health_call(self._api, keys[1])]))
        return [
            *check_keyed(_limited(replies)),
            check_unaffected("keyed_other", "a keyed call of another customer", other, status=200),
        ]

    def _refuse_production(self) -> None:
        health = self._api.health()
        evidence = from_health(health.fields)
        if evidence.reading is Reading.PRODUCTION:
            raise GuardRefusedError(
                f"The instance of {STAGING_API_STRICT} may not be touched: {evidence.because}.",
                remedy=f"point the connection {STAGING_API_STRICT} at staging",
            )

    def _sign_up_request(self, email: str) -> Request:
        body = json.dumps({"name": f"Load {self._name}", "email": email}).encode()
        return Request("POST", str(self._api.paths["onboard"]), body, {"Content-Type": "application/json"})

    def _sender(self, local_address: str | None) -> LoadSender:
        return LoadSender(self._api.http, local_address=local_address)


def client_address(base_url: str, name: str) -> str | None:
    """Return an address of this machine to call a service on loopback from, another one for every name.

    Linux takes all of 127.0.0.0/8 for itself. A run that uses addresses of its own is not held to what another one
    has used up a moment ago.

    Returns:
        The address; None where the service is not on loopback, or the system knows no further address.
    """
    try:
        loopback = ipaddress.ip_address(urlsplit(base_url).hostname or "").is_loopback
    except ValueError:
        return None
    if not loopback:
        return None
    digest = hashlib.sha256(name.encode()).digest()
    address = f"127.{digest[0] % 250 + 2}.{digest[1]}.{digest[2] % 253 + 1}"
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return None
    return address


def _health_call(api: BillingApi, key: str) -> Request:
    return Request("GET", str(api.paths["health"]), headers={"x-api-key": key})


def _limited(replies: Sequence[Reply]) -> list[LimitedAnswer]:
    now = time.time()
    return [LimitedAnswer(reply.status, _headers(reply), _json(reply), now) for reply in replies]


def _headers(reply: Reply) -> dict[str, str]:
    return {
        name: value for name, value in reply.headers.items() if "ratelimit" in name or name == RETRY_AFTER
    }


def _json(reply: Reply) -> JsonValue:
    try:
        body: JsonValue = json.loads(reply.body)
    except ValueError:
        return reply.body[:200].decode(errors="replace")
    return body


def _api_key(reply: Reply) -> str | None:
    body = _json(reply)
    key = body.get("api_key") if isinstance(body, dict) else None
    return key if isinstance(key, str) else None


def _in_one_minute(api: BillingApi, what: str, began: float) -> None:
    took = time.monotonic() - began
    if took > _LONGEST_SECONDS:
        raise ServiceUnreachableError(
            api.http.name,
            f"the {what} up to the limit took {took:.0f} s, so that its minute was nearly over: nothing can be said of "
            "the limit.",
            remedy="try again when the machine is less busy",
        )
