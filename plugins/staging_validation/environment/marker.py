"""The marker: a row inside the target database that says, deliberately, which environment it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Marker:
    """The row of ``staging_validation.marker``.

    Attributes:
        environment: The environment's name, for example ``staging``.
        system_identifier: The PostgreSQL cluster's identifier at the time of marking.
        marked_by: Who marked it.
        marked_at: When, with time zone.
        reason: Why.
    """

    environment: str
    system_identifier: str
    marked_by: str
    marked_at: datetime
    reason: str


@dataclass(frozen=True)
class DatabaseIdentity:
    """What the database server says of itself.

    Attributes:
        database: The database's name.
        server: Address and port as the server sees them.
        system_identifier: The cluster's identifier, made at initdb and kept by snapshots and replicas.
        is_replica: Whether the server is in recovery (a standby).
    """

    database: str
    server: str
    system_identifier: str
    is_replica: bool
