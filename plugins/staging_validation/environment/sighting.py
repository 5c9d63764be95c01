"""What the guard saw, so that a later step can tell whether it is about to touch the same things."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from staging_validation.environment.digests import short_digest
from staging_validation.environment.marker import DatabaseIdentity, Marker


class Sighting(BaseModel):
    """The things that the guard looked at. JSON-like and without secrets: it travels between tasks.

    Attributes:
        database: The database's name.
        server: The server's address and port, as the server sees them.
        system_identifier: The cluster's identifier.
        marker: Digest of the marker, None when there was none.
        stripe_key: Digest of the Stripe key, None when there was none.
        addresses: Base URLs of the services, by connection id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str
    server: str
    system_identifier: str
    marker: str | None = None
    stripe_key: str | None = None
    addresses: Mapping[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, identity: DatabaseIdentity, marker: Marker | None) -> Sighting:
        """Note which database was seen."""
        return cls(
            database=identity.database,
            server=identity.server,
            system_identifier=identity.system_identifier,
            marker=marker.digest if marker else None,
        )

    def with_services(self, *, stripe_key: str | None, addresses: Mapping[str, str]) -> Sighting:
        """Note which services go with it; the Stripe key is kept as a digest only."""
        digest = short_digest(stripe_key) if stripe_key else None
        return self.model_copy(update={"stripe_key": digest, "addresses": dict(addresses)})

    def database_differences(self, now: Sighting) -> list[str]:
        """Say in which ways the database is not the one that was seen; empty when it is."""
        compared = {
            "the database's name": (self.database, now.database),
            "the database server": (self.server, now.server),
            "the database cluster": (self.system_identifier, now.system_identifier),
            "the database's marker": (self.marker, now.marker),
        }
        return [_changed(what, *values) for what, values in compared.items() if values[0] != values[1]]

    def differences(self, now: Sighting) -> list[str]:
        """Say in which ways anything is not what was seen; empty when all is the same."""
        found = self.database_differences(now)
        if self.stripe_key != now.stripe_key:
            found.append("the Stripe key is another one than the guard saw")
        for conn_id in sorted({*self.addresses, *now.addresses}):
            before, after = self.addresses.get(conn_id), now.addresses.get(conn_id)
            if before != after:
                found.append(_changed(f"the address of {conn_id}", before, after))
        return found


def _changed(what: str, before: str | None, after: str | None) -> str:
    return f"{what} is {after or 'missing'}, the guard saw {before or 'none'}"
