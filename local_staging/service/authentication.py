"""API keys of callers."""

from __future__ import annotations

from local_staging.service.database import Connection
from local_staging.service.errors import unauthorized
from local_staging.service.keys import hash_api_key

_OWNER = """
    SELECT customers.id FROM api_keys JOIN customers ON customers.id = api_keys.customer_id
    WHERE api_keys.key_hash = %s AND api_keys.active AND customers.active
"""


def authenticate(connection: Connection, api_key: str | None) -> int:
    """Return the id of the customer whose API key this is.

    Raises:
        RefusedError: 401, there is no key, or it is wrong or no longer active, or the customer is not.
    """
    found = connection.execute(_OWNER, [hash_api_key(api_key)]).fetchone() if api_key else None
    if found is None:
        raise unauthorized()
    customer_id: int = found["id"]
    return customer_id
