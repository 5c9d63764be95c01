"""Sends requests at moments that were fixed before, whatever the answers do (an open loop), and times them.

A generator that waits for an answer before it sends the next request measures a slow service as a fast one, because
it sends less when it should send most. So every request has its moment, and its latency counts from there.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import requests

from staging_validation.clients.load_shots import Judge, Judged, Reply, Request, Shot
from staging_validation.errors import ConfigurationError, ServiceUnreachableError
from staging_validation.load.samples import Sample, percentile
from staging_validation.load.wording import Progress

if TYPE_CHECKING:
    from staging_validation.clients.http import HttpService

MAX_IN_FLIGHT = 256
"""Requests that wait for an answer at the same time; one that finds no place waits, and its latency counts on."""

TIMEOUT_SECONDS = 10.0
"""How long a request may take, from the moment that the generator came to it."""

_PROGRESS_SECONDS = 5.0


class LoadSender:
    """Sends shots to one service.

    Args:
        http: The service; its session says how: authentication, headers, TLS.
        timeout_seconds: See :data:`TIMEOUT_SECONDS`.
        max_in_flight: See :data:`MAX_IN_FLIGHT`.
        local_address: The client address to send from; the system's choice by default.
    """

    def __init__(
        self,
        http: HttpService,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_in_flight: int = MAX_IN_FLIGHT,
        local_address: str | None = None,
    ) -> None:
        self._http = http
        self._timeout_seconds = timeout_seconds
        self._max_in_flight = max_in_flight
        self._local_address = local_address

    def send(
        self,
        shots: Sequence[Shot],
        judge: Judge,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        progress_seconds: float = _PROGRESS_SECONDS,
    ) -> list[Sample]:
        """Send all shots at their moments, and wait for the answers.

        It ends at the latest ``timeout_seconds`` after the generator came to the last shot. Ctrl-C ends it at once,
        with every connection closed.

        Args:
            shots: The shots, in any order.
            judge: Judges each reply.
            on_progress: Told how it goes.
            progress_seconds: How often it is told.

        Returns:
            One sample for each shot, in the order of their moments.
        """
        return asyncio.run(self._send(shots, judge, on_progress, progress_seconds))

    def ask(self, requests: Sequence[Request], *, at_once: int = 1) -> list[Reply]:
        """Send requests as fast as their answers come, and return the answers in the requests' order.

        Args:
            requests: The requests.
            at_once: How many at the same time.

        Raises:
            ServiceUnreachableError: One got no answer, or none in time.
        """
        try:
            return asyncio.run(self._ask(requests, at_once))
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise ServiceUnreachableError(
                self._http.name,
                f"{self._http.base_url} gave no answer ({type(error).__name__}).",
                remedy=f"check that {self._http.name} runs and that its connection names the right address",
            ) from error

    async def _send(
        self,
        shots: Sequence[Shot],
        judge: Judge,
        on_progress: Callable[[Progress], None] | None,
        progress_seconds: float,
    ) -> list[Sample]:
        ordered = sorted(shots, key=lambda shot: shot.due)
        async with self._session() as session:
            phase = _Phase(session, judge, self._timeout_seconds, self._max_in_flight, len(ordered))
            reporter = (
                asyncio.create_task(_report(phase, on_progress, progress_seconds)) if on_progress else None
            )
            try:
                return await phase.run(ordered)
            finally:
                if reporter is not None:
                    reporter.cancel()
                    with suppress(asyncio.CancelledError):
                        await reporter

    async def _ask(self, requests: Sequence[Request], at_once: int) -> list[Reply]:
        places = asyncio.Semaphore(at_once)

        async def one(request: Request) -> Reply:
            async with places:
                return await asyncio.wait_for(_exchange(session, request), self._timeout_seconds)

        async with self._session() as session:
            return list(await asyncio.gather(*(one(request) for request in requests)))

    def _session(self) -> aiohttp.ClientSession:
        session = self._http.session
        connector = aiohttp.TCPConnector(
            limit=0,
            ssl=_tls(session.verify, session.cert),
            local_addr=(self._local_address, 0) if self._local_address else None,
        )
        return aiohttp.ClientSession(
            self._http.base_url,
            connector=connector,
            headers=_session_headers(session, self._http.base_url),
            cookie_jar=aiohttp.DummyCookieJar(),
        )


class _Phase:
    """The shots of one phase on their way."""

    def __init__(
        self, session: aiohttp.ClientSession, judge: Judge, timeout: float, max_in_flight: int, planned: int
    ) -> None:
        self._session = session
        self._judge = judge
        self._timeout = timeout
        self._places = asyncio.Semaphore(max_in_flight)
        self._planned = planned
        self._sent = 0
        self._samples: list[Sample] = []
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()

    async def run(self, shots: Sequence[Shot]) -> list[Sample]:
        """Send every shot at its moment."""
        flights: list[asyncio.Task[None]] = []
        try:
            for shot in shots:
                if (pause := shot.due - self._now()) > 0:
                    await asyncio.sleep(pause)
                flights.append(asyncio.create_task(self._fly(shot, self._now())))
                self._sent += 1
            await asyncio.gather(*flights)
        finally:
            for flight in flights:
                flight.cancel()
            await asyncio.gather(*flights, return_exceptions=True)
        return sorted(self._samples, key=lambda sample: sample.due)

    def progress(self) -> Progress:
        """Return how far it is."""
        latencies = [sample.latency_ms for sample in self._samples]
        return Progress(
            self._now(),
            self._sent,
            self._planned,
            self._sent - len(self._samples),
            sum(not sample.good for sample in self._samples),
            percentile(latencies, 95),
        )

    async def _fly(self, shot: Shot, woke: float) -> None:
        try:
            judged = self._judge(shot.key, await asyncio.wait_for(self._sent_in_turn(shot), self._timeout))
        except (asyncio.TimeoutError, TimeoutError):
            judged = Judged(good=False, complete=False, fault=f"no answer within {self._timeout:g} s")
        except aiohttp.ClientError as error:
            judged = Judged(good=False, complete=False, fault=f"no answer ({type(error).__name__})")
        except OSError as error:
            judged = Judged(good=False, complete=False, fault=f"no connection ({error.strerror})")
        self._samples.append(
            Sample(shot.key, shot.due, woke, self._now(), judged.good, judged.complete, judged.fault)
        )

    async def _sent_in_turn(self, shot: Shot) -> Reply:
        async with self._places:
            return await _exchange(self._session, shot.request())

    def _now(self) -> float:
        return self._clock() - self._began


async def _exchange(session: aiohttp.ClientSession, request: Request) -> Reply:
    async with session.request(
        request.method, request.path, data=request.body, headers=request.headers, allow_redirects=False
    ) as response:
        body = await response.read()
        return Reply(response.status, {name.lower(): value for name, value in response.headers.items()}, body)


async def _report(phase: _Phase, on_progress: Callable[[Progress], None], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        on_progress(phase.progress())


def _session_headers(session: requests.Session, base_url: str) -> dict[str, str]:
    """Return what the session sends with every request: its own headers, and its authentication.

    What the requests library sets for itself is left out.
    """
    its_own = {"user-agent", "accept-encoding", "connection", "content-length"}
    prepared = session.prepare_request(requests.Request("GET", base_url))
    return {name: str(value) for name, value in prepared.headers.items() if name.lower() not in its_own}


def _tls(verify: Any, cert: Any) -> ssl.SSLContext | bool:
    """Return the TLS settings that the requests library calls ``verify`` and ``cert``."""
    if verify is False:
        return False
    if not isinstance(verify, str) and not cert:
        return True
    try:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        if cert:
            context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
    except OSError as error:
        raise ConfigurationError(
            f"The certificates of the connection staging_api cannot be read ({error.strerror or error}).",
            remedy="name readable PEM files as verify and cert in the connection's extra field",
        ) from error
    return context
