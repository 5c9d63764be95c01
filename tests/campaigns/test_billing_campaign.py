"""The short form of the billing campaign, and proof that it would notice a flake and what is left."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import replace

import pytest

from campaigns import billing as campaign
from campaigns import billing_child, billing_night
from campaigns.billing import Arena, main, run_campaign, steps
from campaigns.billing_night import Night, carry_out, tried
from campaigns.billing_place import Place, private_staging
from campaigns.billing_summary import KILL, RUN, counted_kills, kept, of_sort, outcome, summary, told
from campaigns.common import Journal
from staging_validation.clients.http import HttpService
from staging_validation.clients.postgres import connect
from staging_validation.clients.pushgateway import PushgatewayClient
from staging_validation.clients.stripe_api import StripeApi
from staging_validation.errors import CheckFailedError, ServiceUnreachableError
from staging_validation.telemetry import plan_run
from staging_validation.telemetry.plan import values_registry

FEW = ("w01_signup", "w07_renewal", "w17_ten_states")
"""A few workflows: with and without a clock, and the one that looks at the reset's customers."""

GOOD = Night(9, (), {"w01_signup": 0.5, "w20_billing_year": 4.0}, 5.0, 0.2)
PREFACE = """
import json, sys, time
print(json.dumps({"ready": sys.argv[1]}), flush=True)
sys.stdin.readline()
"""
SLEEPER = "time.sleep(60)"
QUICK = 'print(json.dumps({"seconds": 0.1, "faults": []}))'
BROKEN = 'print(json.dumps({"error": "ServiceError", "message": "it is down"})); sys.exit(1)'


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with private_staging() as place:
        yield place


@pytest.fixture
def journal(tmp_path) -> Journal:
    opened = Journal(tmp_path / "results.jsonl")
    opened.begin({"seed": 1})
    return opened


class Nowhere(Place):
    """A staging that holds what a test says."""

    def left(self, run_id: str, *, fixtures: int = 10) -> list[str]:
        return ["a test clock"] if "dirty" in run_id else []

    def of_run(self, run_id: str) -> list[str]:
        return ["cus_1"]


@pytest.fixture
def arena(monkeypatch) -> Arena:
    """An arena without a staging, where every run is good."""
    monkeypatch.setattr(campaign, "carry_out", lambda *_, **__: GOOD)
    return Arena(Nowhere({}, {}), child(SLEEPER))


def child(code: str) -> tuple[str, ...]:
    """Return the command of a process that speaks as the one with a whole run does, and does something else."""
    return (sys.executable, "-c", PREFACE + code)


def test_two_runs_and_a_kill_leave_nothing(place, journal):
    arena = Arena(place, names=FEW)
    run_campaign(arena, journal, runs=2, kills=1, seed=3)
    found = summary(journal, runs=2, seed=3)
    assert found["faults"] == [], journal.records
    assert (found["kills"], found["runs_with_faults"], found["left_after_the_next_run"]) == (1, 0, 0)
    assert set(found["longest_seconds"]) == set(FEW)
    assert found["results"] > 100
    (killed,) = counted_kills(journal)
    assert killed["exit_status"] == -signal.SIGKILL
    # What is finished is not done again.
    run_campaign(arena, Journal(journal.path), runs=2, kills=1, seed=3)
    assert len(Journal(journal.path).records) == len(journal.records)


def test_the_look_at_what_is_left_misses_nothing(place):
    """Whoever plants something in any of the places finds it named, wherever Stripe's listings hide it."""
    run = "planted-1"
    carry_out(run, place.connections, names=("w01_signup",))
    assert place.left(run) == []
    stripe = StripeApi.from_settings(place.connections["stripe_default"])
    gateway = PushgatewayClient(HttpService("Pushgateway", place.connections["pushgateway_default"].base_url))
    with (
        closing(stripe),
        closing(connect(place.connections["staging_postgres"])) as connection,
    ):
        clock = stripe.clocks.create("anybody's", frozen_time=1_790_000_000, idempotency_key="clock")
        made = [
            stripe.create_customer(
                name="x",
                email=f"{number}@x.org",
                metadata={},
                idempotency_key=f"left-{number}",
                test_clock=on,
            )
            for number, on in enumerate((None, str(clock["id"])))
        ]
        connection.execute(
            "INSERT INTO customers (name, email, inserted_at, updated_at)"
            " VALUES ('x', 'w01-other-1@test.example.com', now(), now())"
        )
        connection.commit()
        catalogue = billing_night.shipped_catalogue()
        gateway.push("other", values_registry(plan_run("other", catalogue), catalogue))
        left = " | ".join(place.left(run))
        gateway.delete("other")
        stripe.clocks.delete(str(clock["id"]))
        stripe.delete_customer(str(made[0]["id"]))
        connection.execute("DELETE FROM customers WHERE email = 'w01-other-1@test.example.com'")
        connection.commit()
    assert f"Stripe test clock {clock['id']}" in left
    assert all(f"Stripe customer {one['id']}" in left for one in made)
    assert "11 customers of no workflow of the last run, not 10" in left
    assert "group of other on the Pushgateway" in left
    assert place.left(run) == []
    assert any(one.startswith("w01-planted-1-") for one in place.of_run(run))


def test_a_run_that_seeded_nothing_is_named(place):
    assert "0 Stripe customers of the last reset, not 10" in place.left("never-ran")


@pytest.mark.parametrize("wrong", ["skipped", "failed"])
def test_a_result_that_did_not_pass_is_a_fault(place, monkeypatch, wrong):
    real = billing_night.run_workflow

    def changed(workflow, session):
        first, *others = real(workflow, session)
        evidence = {**first.evidence, "reason": "nobody offers it"}
        return [type(first)(**{**first.model_dump(), "outcome": wrong, "evidence": evidence}), *others]

    monkeypatch.setattr(billing_night, "run_workflow", changed)
    for step in ("_reset", "_money"):
        monkeypatch.setattr(billing_night, step, lambda *_: [])
    night = carry_out(f"wrong-{wrong}", place.connections, names=("w01_signup",))
    (fault,) = night.faults
    assert fault.startswith(f"workflow.w01_signup.onboard.answer {wrong}")
    assert ("found nobody offers it" in fault) == (wrong == "skipped")


def test_a_run_that_breaks_off_is_a_fault():
    def broken() -> Night:
        raise ServiceUnreachableError("Stripe", "cannot be reached")

    night = tried(broken)
    assert (night.results, night.faults) == (0, ("ServiceUnreachableError: Stripe: cannot be reached",))


def test_what_is_left_after_a_run_is_a_fault(arena):
    record = campaign._undisturbed(arena, 0, "dirty-1")
    assert record["faults"] == ["left: a test clock"]


def test_what_is_left_after_a_kill_is_a_fault(arena, journal, monkeypatch):
    monkeypatch.setattr(Nowhere, "left", lambda *_: ["a customer"])
    record = campaign._killed(arena, journal, 0, 1, 0.1)
    assert (record["left"], record["faults"]) == (["a customer"], ["left: a customer"])
    assert record["left_by_the_kill"] == ["cus_1"]
    assert "1 left after the next run (a customer)" in told(record)


def test_the_moments_follow_from_the_seed(arena, journal):
    first, again, other = (campaign._killed(arena, journal, 0, seed, 0.1) for seed in (1, 1, 2))
    assert first["moment_seconds"] == again["moment_seconds"] != other["moment_seconds"]
    assert (first["counts"], first["exit_status"]) == (True, -signal.SIGKILL)


def test_a_process_that_ends_by_itself_is_a_fault(arena, journal):
    arena.command = child(BROKEN)
    record = campaign._killed(arena, journal, 0, 1, 60.0)
    assert record["faults"] == ["the process with a whole run ended with status 1: it is down"]
    assert record["counts"] is False


def test_kills_that_always_come_too_late_end_the_campaign(arena, journal):
    arena.command = child(QUICK)
    record = campaign._killed(arena, journal, 0, 1, 60.0)
    assert (record["counts"], record["faults"]) == (False, [])
    for _ in range(10):
        journal.add(record)
    with pytest.raises(CheckFailedError, match="over before it, 10 times"):
        campaign._killed(arena, journal, 0, 1, 60.0)


def test_a_campaign_goes_on_where_it_was_killed(arena, journal):
    run_campaign(arena, journal, runs=1, kills=0, seed=1)
    run_campaign(arena, Journal(journal.path), runs=2, kills=1, seed=1)
    records = Journal(journal.path).records
    assert [(record["sort"], record["run"]) for record in records] == [(RUN, 0), (RUN, 1), (KILL, 0)]
    assert len(of_sort(Journal(journal.path), RUN)) == 2


@pytest.mark.parametrize(
    ("runs", "kills", "wanted"),
    [
        (1, 0, [(1, 0)]),
        (10, 5, [(10, 0), (10, 5)]),
        (25, 7, [(10, 0), (20, 0), (25, 0), (25, 5), (25, 7)]),
    ],
)
def test_no_staging_does_more_than_its_part(runs, kills, wanted):
    assert list(steps(runs, kills)) == wanted


def test_one_missed_promise_is_enough(arena, journal):
    run_campaign(arena, journal, runs=1, kills=1, seed=1)
    found = summary(journal, runs=1, seed=1)
    assert kept(found), found
    for change in (
        {"runs_with_faults": 1},
        {"left_after_the_next_run": 1},
        {"faults": ["x"]},
        {"results": 0},
        {"kills_that_left_something": 0},
        {"all_workflows_seconds": {"maximum": 30.1}},
        {"billing_year_seconds": {"maximum": 10.1}},
    ):
        assert not kept({**found, **change}), change
    assert "NOT every promise kept" in outcome({**found, "results": 0})


def test_the_command_line_writes_the_summary_and_resumes(tmp_path, arena, monkeypatch, capsys):
    monkeypatch.setattr(campaign, "private_staging", lambda: nullcontext(arena.place))
    monkeypatch.setattr(campaign, "CHILD", child(SLEEPER))
    arguments = ["--runs", "1", "--kills", "0", "--seed", "5"]
    assert main(arguments, root=tmp_path) == 0
    written = json.loads((tmp_path / "campaigns" / "results" / "billing.json").read_text())
    assert (written["seed"], written["runs"], written["kills"], written["faults"]) == (5, 1, 0, [])
    assert written["commit"]
    assert "[1/1] 9 results, 0 faults" in capsys.readouterr().err
    assert main(arguments[:4], root=tmp_path) == 0
    assert "[1/1]" not in capsys.readouterr().err
    assert main(["--runs", "1", "--seed", "6"], root=tmp_path) == 2
    assert "on other terms" in capsys.readouterr().err


def test_the_command_line_fails_with_a_missed_promise(tmp_path, arena, monkeypatch, capsys):
    monkeypatch.setattr(campaign, "private_staging", lambda: nullcontext(arena.place))
    monkeypatch.setattr(campaign, "carry_out", lambda *_, **__: replace(GOOD, workflows_seconds=31.0))
    assert main(["--runs", "1", "--kills", "0"], root=tmp_path) == 1
    assert "all workflows at most 31.0 s (promised 30)" in capsys.readouterr().err


def test_the_child_reports_an_error_of_ours(monkeypatch, capsys):
    def broken(*_, **__):
        raise ServiceUnreachableError("Stripe", "cannot be reached")

    monkeypatch.setattr(billing_child, "carry_out", broken)
    monkeypatch.setattr("sys.stdin", type("Line", (), {"readline": staticmethod(str)}))
    assert billing_child.main(["run-1"]) == 1
    ready, error = map(json.loads, capsys.readouterr().out.splitlines())
    assert ready == {"ready": "run-1"}
    assert error == {"error": "ServiceUnreachableError", "message": "Stripe: cannot be reached"}
