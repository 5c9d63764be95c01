"""Test clocks: made, advanced, read and deleted. What an advance brings is in ``timeline``."""

from __future__ import annotations

from typing import Any

from local_staging.stripe_sandbox import clocks
from local_staging.stripe_sandbox.blanks import filled
from local_staging.stripe_sandbox.context import TEST_CLOCK, Context
from local_staging.stripe_sandbox.listing import page
from local_staging.stripe_sandbox.operations import PAGE, Call, Operation
from local_staging.stripe_sandbox.resources.customers import remove
from local_staging.stripe_sandbox.settings import DAY_SECONDS
from local_staging.stripe_sandbox.store import new_id

_PATH = "/v1/test_helpers/test_clocks"
_LIFETIME_SECONDS = 30 * DAY_SECONDS


def create(context: Context, call: Call) -> dict[str, Any]:
    """Make a clock that stands at a time."""
    clock = filled(
        TEST_CLOCK,
        id=new_id("clock"),
        created=context.now(),
        deletes_after=context.now() + _LIFETIME_SECONDS,
        frozen_time=call.params["frozen_time"],
        name=call.params.get("name"),
    )
    context.emit(f"{TEST_CLOCK}.created", context.store.add(clock), None)
    return clock


def advance(context: Context, call: Call) -> dict[str, Any]:
    """Begin to move a clock forward; the answer says ``advancing``, and reading it later says ``ready``."""
    clock = context.addressed(TEST_CLOCK, call.id)
    clocks.begin(context, clock, call.params["frozen_time"])
    return clock


def retrieve(context: Context, call: Call) -> dict[str, Any]:
    """Return one clock."""
    return context.addressed(TEST_CLOCK, call.id)


def list_clocks(context: Context, call: Call) -> dict[str, Any]:
    """Return a page of clocks."""
    return page(context.store.newest_first(TEST_CLOCK), call.params, _PATH)


def delete(context: Context, call: Call) -> dict[str, Any]:
    """Delete a clock and the customers that hang on it."""
    clock = context.addressed(TEST_CLOCK, call.id)
    if clock["status"] == "advancing":
        clocks.require_ready(clock)
    for customer in list(context.store.filed(call.id, "customer")):
        remove(context.at(clock["frozen_time"]), customer)
    context.emit(f"{TEST_CLOCK}.deleted", clock, None)
    clock.clear()
    clock.update(id=call.id, object=TEST_CLOCK, deleted=True)
    return clock


OPERATIONS = (
    Operation("POST", _PATH, "test_helpers.TestClockCreateParams", create, ("frozen_time", "name")),
    Operation("GET", _PATH, "test_helpers.TestClockListParams", list_clocks, PAGE),
    Operation("GET", f"{_PATH}/{{id}}", "test_helpers.TestClockRetrieveParams", retrieve),
    Operation("DELETE", f"{_PATH}/{{id}}", "test_helpers.TestClockDeleteParams", delete),
    Operation(
        "POST", f"{_PATH}/{{id}}/advance", "test_helpers.TestClockAdvanceParams", advance, ("frozen_time",)
    ),
)
