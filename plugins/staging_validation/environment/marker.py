"""The marker: a row inside the target database that says, deliberately, which environment it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from staging_validation.environment.digests import short_digest


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

    @property
    def digest(self) -> str:
        """A short digest of all fields: another one means that somebody marked the database anew."""
        fields = (
            self.environment,
            self.system_identifier,
            self.marked_by,
            self.marked_at.astimezone(timezone.utc).isoformat(),
            self.reason,
        )
        return short_digest("\n".join(fields))


@dataclass(frozen=True)
class DatabaseIdentity:
    """What the database server says of itself.

    Attributes:
        database: The database's name.
        server: Address and port as the server sees them.
        system_identifier: The cluster's identifier, made at initdb and kept by snapshots and replicas.
        is_replica: Whether the server is in recovery (a standby).
        host: The host name or address that was dialled.
    """

    database: str
    server: str
    system_identifier: str
    is_replica: bool
    host: str = ""
