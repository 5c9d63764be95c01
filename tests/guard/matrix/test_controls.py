"""The instruments see: where nothing lies, the same steps do write, and every recorder notices."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from staging_validation.airflow import operators


def test_a_staging_that_tells_the_truth_is_validated_and_the_writes_are_seen(world, watch):
    end = watch()
    guarded = world.guard()
    assert (guarded.outcome, guarded.results[0]["outcome"]) == ("passed", "passed")
    assert not end().statements
    assert not end().requests

    assert world.step("reset", guarded.record).outcome == "passed"
    seen = end()
    assert seen.changed
    assert any("INSERT INTO" in statement for statement in seen.statements)
    assert any("DELETE FROM" in statement for statement in seen.statements)

    stripe = world.services["stripe"].server.expect_request("/v1/test_helpers/test_clocks", method="GET")
    stripe.respond_with_json({"object": "list", "has_more": False, "data": []})
    for name in ("objects", "emission", "removal", "workflow"):
        world.step(name, guarded.record)
    methods_and_paths = {request.split("/validation_run")[0] for request in end().requests}
    # The states are made side by side, and the first refusal ends it: customers may be among the requests.
    assert methods_and_paths - {"POST /v1/customers"} == {
        "PUT /metrics/job/staging_validation",
        "DELETE /metrics/job/staging_validation",
        "POST /api/v1/customers/onboard",
        "POST /v1/test_helpers/test_clocks",
    }


def test_every_operator_that_changes_staging_is_among_the_steps(world):
    found = {
        operator
        for module in iter_modules(operators.__path__, f"{operators.__name__}.")
        for operator in vars(import_module(module.name)).values()
        if isinstance(operator, type) and getattr(operator, "destructive", False)
    }
    assert found == {type(make()) for make in world.steps.values()}


def test_the_guard_itself_only_reads(world, watch):
    end = watch()
    world.guard()
    seen = end()
    assert (seen.statements, seen.requests, seen.changed) == ([], [], False)
