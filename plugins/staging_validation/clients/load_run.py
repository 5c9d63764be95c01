"""Puts the load on the platform: sign-ups, webhooks, and then a look at what every one of them left behind."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from staging_validation.clients.billing_api import BillingApi
from staging_validation.clients.load_queue import PATIENT, Draining, wait_until_through
from staging_validation.clients.load_records import LoadRecords
from staging_validation.clients.load_sender import LoadSender
from staging_validation.clients.load_shots import Judge, Judged, Reply, Request, Shot, refusal
from staging_validation.clients.load_target import addresses
from staging_validation.errors import ConfigurationError, ServiceError
from staging_validation.load import effects
from staging_validation.load.events import LoadEvent, Member, make_events, make_marker
from staging_validation.load.judgement import judge_phase, title
from staging_validation.load.profile import CONTRACT, Profile, WebhookPhase
from staging_validation.load.samples import Sample
from staging_validation.load.schedule import Planned, plan_sign_ups, plan_webhooks
from staging_validation.load.wording import progress_line
from staging_validation.results import CheckResult, Kind, Outcome

if TYPE_CHECKING:
    from staging_validation.clients.stripe_api import StripeApi

_API_KEY_LENGTH = 49
"""``rsolv_`` and 43 characters (platform contract, HTTP API)."""


class LoadRun:
    """One run of the load.

    Args:
        api: The billing API.
        records: The staging database.
        stripe: The stand-in for Stripe; it signs the events.
        run_id: The run.
        attempt: Which try of the run it is, from 1.
        profile: How much load.
        say: Told in one line how it goes.
        draining: How long to wait for the platform's queue.
    """

    def __init__(
        self,
        api: BillingApi,
        records: LoadRecords,
        stripe: StripeApi,
        *,
        run_id: str,
        attempt: int = 1,
        profile: Profile = CONTRACT,
        say: Callable[[str], None] = lambda _line: None,
        draining: Draining = PATIENT,
    ) -> None:
        self._api = api
        self._records = records
        self._stripe = stripe
        self._run_id = run_id
        self._attempt = attempt
        self._profile = profile
        self._say = say
        self._draining = draining
        self._sender = LoadSender(api.http)

    def run(self) -> list[CheckResult]:
        """Put the load on, phase after phase, and check its effects.

        Returns:
            The results of all phases, and of the effects. Without a customer no webhook is sent. Where a service dies
            on the way, what was measured until then, and an errored result that names it.

        Raises:
            ConfigurationError: The platform offers no sign-up or no webhook.
        """
        path = self._path("webhook")
        sent, accepted, results = self._sign_up()
        try:
            crowd = self._records.members(sorted(accepted))[: self._profile.crowd]
            if not crowd:
                return [*results, _no_crowd()]
            events, taken, judged = self._send_webhooks(path, crowd)
            results += judged
            marker = make_marker(
                crowd[0], run_id=self._run_id, created=int(time.time()), number=self._attempt
            )
            results.append(
                wait_until_through(
                    self._api, self._records, marker, self._stripe.sign(marker.body), taken, self._draining
                )
            )
            self._say("looking at the effects of every event in the database")
            found = self._records.found(sent, [event.event.id for event in events])
        except ServiceError as error:
            return [*results, _unknown_effects(error)]
        return [
            *results,
            effects.check_sign_ups(accepted, sent, found),
            effects.check_events(events, taken, found),
            effects.check_credits(events, taken, found),
            effects.check_balances(found),
            effects.check_states(events, taken, found),
        ]

    def _sign_up(self) -> tuple[list[str], set[str], list[CheckResult]]:
        """Sign users up, and return the addresses sent, those that were accepted, and what was measured."""
        load = self._profile.sign_ups
        planned = plan_sign_ups(load)
        emails = addresses(self._run_id, self._attempt, [entry.number for entry in planned])
        path, accepted = self._path("onboard"), set[str]()

        def judge(email: str, reply: Reply) -> Judged:
            if reply.status != 201:
                return Judged(good=False, complete=False, fault=refusal(reply))
            accepted.add(email)
            fault = _signup_fault(reply.body)
            return Judged(good=True, complete=fault is None, fault=fault)

        shots = [
            Shot(entry.due, email, partial(_onboarding, path, email, self._run_id))
            for entry, email in zip(planned, emails, strict=True)
        ]
        return (
            emails,
            accepted,
            judge_phase(load.name, self._fire(load.name, shots, judge), load.thresholds, self._profile),
        )

    def _send_webhooks(
        self, path: str, crowd: Sequence[Member]
    ) -> tuple[list[LoadEvent], set[str], list[CheckResult]]:
        """Send the webhooks of all phases, and return the events, the ids accepted, and what was measured."""
        plans = self._plans()
        numbers = [entry.number for _, planned in plans for entry in planned]
        events = make_events(
            numbers,
            crowd,
            run_id=self._run_id,
            price=self._stripe.pro_price_id,
            created=int(time.time()),
        )
        self._stripe.sign("")  # loads Stripe's library, which takes most of a second, before time counts
        accepted: set[str] = set()

        def judge(event_id: str, reply: Reply) -> Judged:
            if reply.status != 200:
                return Judged(good=False, complete=False, fault=refusal(reply))
            accepted.add(event_id)
            return Judged(good=True)

        results: list[CheckResult] = []
        for phase, planned in plans:
            shots = [self._webhook(path, entry, events[entry.number]) for entry in planned]
            results += judge_phase(
                phase.name, self._fire(phase.name, shots, judge), phase.thresholds, self._profile
            )
        return list(events.values()), accepted, results

    def _plans(self) -> list[tuple[WebhookPhase, list[Planned]]]:
        plans: list[tuple[WebhookPhase, list[Planned]]] = []
        first = 1
        for phase in self._profile.webhooks:
            planned = plan_webhooks(
                phase,
                duplicates_share=self._profile.duplicates_share,
                first_number=first,
                run_id=self._run_id,
            )
            first = max(entry.number for entry in planned) + 1
            plans.append((phase, planned))
        return plans

    def _webhook(self, path: str, planned: Planned, event: LoadEvent) -> Shot:
        body = event.event.body

        def request() -> Request:
            headers = {"Content-Type": "application/json", "Stripe-Signature": self._stripe.sign(body)}
            return Request("POST", path, body.encode(), headers)

        return Shot(planned.due, event.event.id, request)

    def _fire(self, name: str, shots: Sequence[Shot], judge: Judge) -> list[Sample]:
        what = title(name)
        self._say(f"{what}: {len(shots)} requests within {max(shot.due for shot in shots):.0f} s")
        return self._sender.send(
            shots, judge, on_progress=lambda progress: self._say(progress_line(what, progress))
        )

    def _path(self, operation: str) -> str:
        path = self._api.paths[operation]
        if path is None:
            raise ConfigurationError(
                f"This platform offers no operation {operation!r}, and the load needs it.",
                remedy="name its path in the extra field paths of the connection staging_api, or run no load",
            )
        return path


def _onboarding(path: str, email: str, run_id: str) -> Request:
    body = json.dumps({"name": f"Load {run_id}", "email": email}).encode()
    return Request("POST", path, body, {"Content-Type": "application/json"})


def _signup_fault(body: bytes) -> str | None:
    """Return what a sign-up's answer lacks."""
    try:
        answer = json.loads(body)
    except ValueError:
        return "201 with a body that is no JSON"
    customer = answer.get("customer") if isinstance(answer, dict) else None
    if not isinstance(customer, dict) or not isinstance(customer.get("id"), int):
        return "201 without a customer's id"
    key = answer.get("api_key")
    if not isinstance(key, str) or len(key) != _API_KEY_LENGTH:
        return "201 without an API key"
    return None


def _unknown_effects(error: ServiceError) -> CheckResult:
    return CheckResult.from_error(
        error,
        id="load.effects.read",
        kind=Kind.LOAD,
        subject="effects of the load",
        expected="exactly one for each distinct event",
    )


def _no_crowd() -> CheckResult:
    return CheckResult(
        id="load.webhooks.crowd",
        kind=Kind.LOAD,
        subject="customers that webhooks can be about",
        outcome=Outcome.FAILED,
        expected="customers that were signed up just now",
        actual="none: no sign-up was accepted and stored, so no webhook was sent",
        remedy="look at the results of the sign-ups first",
    )
