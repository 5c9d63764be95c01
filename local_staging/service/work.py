"""What every operation works with: the platform's parts, and one transaction with what follows its commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone

from local_staging.service.database import Connection, Database
from local_staging.service.metrics import Telemetry
from local_staging.service.settings import ServiceSettings
from local_staging.service.stripe_gateway import StripeGateway


def utc_now() -> datetime:
    """Return the time as the database's columns hold it: UTC, without a zone, in whole seconds."""
    return datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None)


@dataclass
class UnitOfWork:
    """One transaction, and the telemetry of what it did.

    Attributes:
        connection: The connection, inside its transaction.
        telemetry: Where events go.
        now: When it began; every row it writes carries this time.
        began: The same moment for measuring durations, in seconds.
    """

    connection: Connection
    telemetry: Telemetry
    now: datetime = field(default_factory=utc_now)
    began: float = field(default_factory=time.monotonic)
    _after_commit: list[Callable[[], None]] = field(default_factory=list)

    @property
    def duration_ms(self) -> float:
        """How long it has taken so far, in milliseconds."""
        return (time.monotonic() - self.began) * 1000

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something once the transaction is committed, and nothing if it is not."""
        self._after_commit.append(action)

    def emit(self, event: str, measurements: Mapping[str, float], **labels: object) -> None:
        """Record a telemetry event once the transaction is committed: what was rolled back never happened."""
        self.after_commit(lambda: self.telemetry.record(event, measurements, labels))

    def committed(self) -> None:
        """Do what waited for the commit."""
        for action in self._after_commit:
            action()


@dataclass(frozen=True)
class Platform:
    """The parts of one running service.

    Attributes:
        settings: Its settings.
        database: Its database.
        stripe: Its Stripe account.
        telemetry: Its metrics.
    """

    settings: ServiceSettings
    database: Database
    stripe: StripeGateway
    telemetry: Telemetry

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """Do some work in one transaction.

        Raises:
            psycopg.Error: The database is away or refuses; nothing has changed.
        """
        with self.database.transaction() as connection:
            work = UnitOfWork(connection, self.telemetry)
            yield work
        work.committed()
