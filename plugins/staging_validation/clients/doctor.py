"""Looks at every connection: is it configured, complete, reachable, authorised, the right thing, fit for a run?

Reads only. Each connection is looked at in a thread of its own, with bounded waits.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from threading import Thread
from types import MappingProxyType

from staging_validation.clients.connections import (
    GRAFANA,
    PROMETHEUS,
    PUSHGATEWAY,
    STAGING_API,
    STAGING_API_STRICT,
    STAGING_POSTGRES,
    STRIPE,
    ConnectionSettings,
)
from staging_validation.clients.doctor_api import look_at_api, look_at_strict_api
from staging_validation.clients.doctor_channels import (
    check_addresses,
    look_at_slack,
    look_at_smtp,
    look_at_webhook,
)
from staging_validation.clients.doctor_findings import (
    ALERTMANAGER,
    RESULTS_POSTGRES,
    SLACK,
    SMTP,
    WEBHOOK,
    Findings,
    field_value,
    how_to_set,
)
from staging_validation.clients.doctor_http import bounded
from staging_validation.clients.doctor_monitoring import (
    look_at_alertmanager,
    look_at_grafana,
    look_at_prometheus,
    look_at_pushgateway,
)
from staging_validation.clients.doctor_postgres import look_at_postgres
from staging_validation.clients.doctor_stripe import look_at_stripe
from staging_validation.clients.guarding import ASKED, guard
from staging_validation.errors import ConfigurationError, DeadlineError, StagingValidationError
from staging_validation.results import CheckResult, Kind, Outcome

LONGEST_SECONDS = 45.0
"""The longest that the whole examination may take; each wait in it is much shorter."""

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})

_EXAMPLE_DOMAIN = ".example.com"
"""A name of documentation (RFC 2606): the settings file is shipped with such hosts."""

RESULTS_ARE_FILES = "nothing uses it yet: results are files, see the variable staging_validation_results_url"

_EXAMPLE_PRICE = "price_of_the_pro_plan"

Connections = Mapping[str, ConnectionSettings]
Look = Callable[[Findings, Connections], None]


@dataclass(frozen=True)
class Examined:
    """A connection that the doctor knows.

    Attributes:
        conn_id: Its id.
        look: Looks at what it names.
        needs: Its fields without which it is of no use, as Airflow names them.
        without: What a run does without it; None when a run needs it.
    """

    conn_id: str
    look: Look
    needs: tuple[str, ...] = ("host",)
    without: str | None = None


CONNECTIONS = (
    Examined(STAGING_POSTGRES, look_at_postgres, ("host", "schema", "login")),
    Examined(STAGING_API, look_at_api),
    Examined(STRIPE, look_at_stripe, ("password", "extra.webhook_secret", "extra.pro_price_id")),
    Examined(PUSHGATEWAY, look_at_pushgateway),
    Examined(PROMETHEUS, look_at_prometheus),
    Examined(
        GRAFANA, look_at_grafana, without="dashboards are read from include/ and evaluated in Prometheus"
    ),
    Examined(ALERTMANAGER, look_at_alertmanager, without="no run asks an Alertmanager"),
    Examined(
        STAGING_API_STRICT,
        look_at_strict_api,
        without="only the DAG staging_load asks an instance with limits",
    ),
    Examined(SMTP, look_at_smtp, without="no message goes by e-mail"),
    Examined(SLACK, look_at_slack, ("password",), without="no message goes to Slack"),
    Examined(WEBHOOK, look_at_webhook, without="no message goes to a webhook"),
    Examined(RESULTS_POSTGRES, lambda _found, _connections: None, (), without=RESULTS_ARE_FILES),
)


def examine(
    connections: Connections,
    *,
    declared: Mapping[str, str | None],
    variables: Mapping[str, str] = NO_VARIABLES,
    only: Collection[str] = (),
) -> list[CheckResult]:
    """Look at every connection, and let the guard say what it would say.

    Args:
        connections: Connections by id, see :func:`~staging_validation.clients.connections.load_connections`.
        declared: What is declared, by where: see :func:`staging_validation.environment.declared_names`.
        variables: Airflow variables by name.
        only: The connections to look at; all by default. The guard is asked when all that it asks are among them.

    Returns:
        The results in the order of :data:`CONNECTIONS`, then the guard's.

    Raises:
        ConfigurationError: ``only`` names a connection that the package does not know.
    """
    chosen = _chosen(only)
    found = {known.conn_id: Findings(known.conn_id) for known in CONNECTIONS}
    usable = {
        known.conn_id: connections[known.conn_id]
        for known in CONNECTIONS
        if _is_usable(found[known.conn_id], known, connections.get(known.conn_id))
    }
    if SMTP in usable:
        check_addresses(found[SMTP], usable[SMTP], variables)
    looked_at = [known for known in chosen if known.conn_id in usable]
    looks = [_looking(found[known.conn_id], known, usable) for known in looked_at]
    unasked = [conn_id for conn_id in ASKED if conn_id not in {known.conn_id for known in looked_at}]
    guarded: list[CheckResult] = []
    if not unasked:
        looks.append(lambda: guarded.extend(_guard(usable, declared)))
    for late in (looked_at[position] for position in _run(looks) if position < len(looked_at)):
        error = DeadlineError(f"{late.conn_id} was not looked at within {LONGEST_SECONDS:g} s.")
        found[late.conn_id].error("deadline", error, remedy="try again; something answers very slowly")
    gathered = [result for known in chosen for result in found[known.conn_id].results]
    return gathered if only and unasked else [*gathered, *(guarded or [_no_guard(unasked)])]


def _chosen(only: Collection[str]) -> Sequence[Examined]:
    known = [examined.conn_id for examined in CONNECTIONS]
    for name in only:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigurationError(
                f"Nothing here uses a connection {name}.{hint}", remedy=f"use one of {', '.join(known)}"
            )
    return [examined for examined in CONNECTIONS if not only or examined.conn_id in only]


def _is_usable(found: Findings, known: Examined, settings: ConnectionSettings | None) -> bool:
    """Say whether a connection can be looked at; what keeps it from that is added."""
    if settings is None:
        if known.without is None:
            found.failed("configured", "is not configured", remedy=how_to_set(known.conn_id))
        else:
            found.skipped("configured", f"not configured: {known.without}", remedy=how_to_set(known.conn_id))
        return False
    if known.conn_id == RESULTS_POSTGRES:
        found.skipped("configured", f"configured, but {known.without}")
        return False
    missing = [field for field in known.needs if not field_value(settings, field)]
    examples = _examples(settings)
    wrong = [f"has no {field}" for field in missing]
    wrong += [f"{field} is still the example of the shipped airflow_settings.yaml" for field in examples]
    if wrong:
        fields = " and ".join([*missing, *examples])
        found.failed("complete", "; ".join(wrong), remedy=how_to_set(known.conn_id, fields))
        return False
    try:
        bounded(settings)
    except ConfigurationError as error:
        found.misconfigured("complete", error)
        return False
    found.passed("complete", f"has {', '.join(known.needs)}")
    return True


def _examples(settings: ConnectionSettings) -> list[str]:
    host = (settings.host or "").rstrip("/").partition("//")[2] or settings.host or ""
    examples = ["host"] if host.split("/")[0].split(":")[0].endswith(_EXAMPLE_DOMAIN) else []
    price = settings.extra.get("pro_price_id")
    return [*examples, "extra.pro_price_id"] if price == _EXAMPLE_PRICE else examples


def _looking(found: Findings, known: Examined, connections: Connections) -> Callable[[], None]:
    def look() -> None:
        try:
            known.look(found, connections)
        except ConfigurationError as error:
            found.misconfigured("complete", error)
        except StagingValidationError as error:
            found.error("reachable", error)

    return look


def _guard(connections: Connections, declared: Mapping[str, str | None]) -> Sequence[CheckResult]:
    try:
        asked = {conn_id: bounded(settings) for conn_id, settings in connections.items()}
        return guard(asked, declared=declared).results
    except StagingValidationError as error:
        return [CheckResult.from_error(error, id="guard.verdict", kind=Kind.GUARD, subject="the guard")]


def _no_guard(unasked: Sequence[str]) -> CheckResult:
    reason = (
        f"the guard is asked once {', '.join(unasked)} can be" if unasked else "it did not answer in time"
    )
    return CheckResult(
        id="guard.verdict",
        kind=Kind.GUARD,
        subject="may this environment be validated?",
        outcome=Outcome.SKIPPED if unasked else Outcome.ERRORED,
        actual=None if unasked else reason,
        evidence={"reason": reason},
    )


def _run(looks: Sequence[Callable[[], None]]) -> list[int]:
    """Run all at once; return the positions of those that did not end in time.

    The threads are daemons: whoever interrupts does not wait for a server that does not answer.
    """
    done: queue.SimpleQueue[tuple[int, BaseException | None]] = queue.SimpleQueue()

    def run(position: int, look: Callable[[], None]) -> None:
        try:
            look()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits, and raised there
            done.put((position, error))
        else:
            done.put((position, None))

    for position, look in enumerate(looks):
        Thread(target=run, args=(position, look), daemon=True).start()
    waiting, ends = set(range(len(looks))), time.monotonic() + LONGEST_SECONDS
    while waiting:
        try:
            position, error = done.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            break
        if error is not None:
            raise error
        waiting.discard(position)
    return sorted(waiting)
