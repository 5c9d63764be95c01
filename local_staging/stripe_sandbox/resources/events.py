"""Events: what happened, as the webhooks told it."""

from __future__ import annotations

from typing import Any

from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.errors import InvalidRequestError
from local_staging.stripe_sandbox.listing import matching, page
from local_staging.stripe_sandbox.operations import CREATED, PAGE, Call, Operation


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one event."""
    return context.addressed("event", call.id)


def list_events(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of events, of one type (``invoice.*`` for a family) or of several where asked for."""
    if "type" in call.params and "types" in call.params:
        raise InvalidRequestError(
            "You may only specify one of these parameters: type, types.", code="parameters_exclusive"
        )
    found = matching(context.store.newest_first("event"), call.params)
    wanted = [call.params["type"]] if "type" in call.params else call.params.get("types", ["*"])
    return page([event for event in found if _is_of(event["type"], wanted)], call.params, "/v1/events")


def _is_of(event_type: str, wanted: list[str]) -> bool:
    return any(
        event_type.startswith(name[:-1]) if name.endswith("*") else event_type == name for name in wanted
    )


OPERATIONS = (
    Operation("GET", "/v1/events", "EventListParams", list_events, (*PAGE, *CREATED, "type", "types")),
    Operation("GET", "/v1/events/{id}", "EventRetrieveParams", retrieve),
)
