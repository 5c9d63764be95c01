"""The short form of the telemetry campaign, and proof that it would notice what is late, wrong or left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace

import psutil
import pytest

from campaigns import killing, telemetry_run
from campaigns import telemetry as campaign
from campaigns.common import PROJECT, Journal
from campaigns.telemetry import Arena, main, run_campaign
from campaigns.telemetry_kill import kill_at
from campaigns.telemetry_monitoring import Monitoring, private_monitoring
from campaigns.telemetry_run import CarriedOut, carry_out, shipped_catalogue
from campaigns.telemetry_summary import KILL, LAST, RUN, counted_kills, kept, of_sort, outcome, summary
from staging_validation.clients.http import HttpService
from staging_validation.clients.polling import wait_for
from staging_validation.clients.pushgateway import PushgatewayClient
from staging_validation.errors import CheckFailedError, DeadlineError, ServiceUnreachableError
from staging_validation.telemetry import plan_run
from staging_validation.telemetry.plan import values_registry

GOOD = CarriedOut({"baseline": 0.9, "values": 1.0}, 326, 326, (), 2.0)


@pytest.fixture(scope="module")
def shared() -> Iterator[Monitoring]:
    with private_monitoring() as place:
        yield place


@pytest.fixture(scope="module")
def catalogue():
    return shipped_catalogue()


@pytest.fixture
def place(shared) -> Iterator[Monitoring]:
    """The Pushgateway without a group, whatever the test before left."""
    yield shared
    for run_id in shared.groups():
        shared.gateway.delete(run_id)


@pytest.fixture
def arena(place, catalogue) -> Arena:
    return Arena(place, catalogue, session="now")


@pytest.fixture
def journal(tmp_path) -> Journal:
    opened = Journal(tmp_path / "results.jsonl")
    opened.begin({"seed": 1})
    return opened


def child(code: str) -> tuple[str, ...]:
    """Return the command of a process that speaks as the emitting one does, and does something else."""
    return (sys.executable, "-c", PREFACE + code)


PREFACE = """
import json, subprocess, sys, time
print(json.dumps({"ready": sys.argv[-1]}), flush=True)
sys.stdin.readline()
"""
SLEEPER = "time.sleep(60)"
QUICK = 'print(json.dumps({"seconds": 0.1, "faults": []}))'
BROKEN = 'print(json.dumps({"error": "ServiceUnreachableError", "message": "it is down"})); sys.exit(1)'
SPEECHLESS = "sys.exit(3)"
HEIR = 'subprocess.Popen(["sleep", "2"]); time.sleep(60)'


def test_three_runs_and_two_kills_leave_nothing(arena, journal):
    run_campaign(arena, journal, runs=3, kills=2, seed=1)
    found = summary(journal, runs=3, kills=2, seed=1)
    assert kept(found), journal.records
    assert (found["kills"], found["groups_left"], found["faults"]) == (2, 0, 0)
    assert found["series"] == found["series_equal"] == 4 * 326
    assert found["pushes"] >= 4 * 2
    assert {"all", "baseline", "values"} <= found["push_to_visible_seconds"].keys()
    assert all(len(record["latencies"]) >= 2 for record in of_sort(journal, RUN))
    assert arena.place.groups() == []
    # What is finished is not done again.
    run_campaign(arena, Journal(journal.path), runs=3, kills=2, seed=1)
    assert len(Journal(journal.path).records) == len(journal.records)


def test_a_campaign_goes_on_where_it_was_killed(arena, journal, monkeypatch):
    monkeypatch.setattr(campaign, "carry_out", lambda *_: GOOD)
    arena.command = child(SLEEPER)
    for number in range(2):
        journal.add({"sort": RUN, "run": number, "seconds": 0.2})
    journal.add({"sort": KILL, "run": 0, "session": "before", "counts": True})
    run_campaign(arena, journal, runs=3, kills=1, seed=1)
    added = journal.records[3:]
    # The kill of a Pushgateway that is gone is done again: what it left went with that one.
    assert [(record["sort"], record["run"]) for record in added] == [(RUN, 2), (KILL, 0), (LAST, 0)]
    assert [record["session"] for record in counted_kills(journal, "now")] == ["now"]


def test_the_moments_follow_from_the_seed(arena, journal):
    arena.command = child(SLEEPER)
    first, again, other = (campaign._killed(arena, journal, 0, seed, 0.1) for seed in (1, 1, 2))
    assert first["moment_seconds"] == again["moment_seconds"] != other["moment_seconds"]
    assert first["counts"] is True
    assert (first["exit_status"], first["faults"], first["left"]) == (-signal.SIGKILL, [], False)


def test_a_push_later_than_promised_is_a_fault(arena, monkeypatch):
    monkeypatch.setattr(campaign, "carry_out", lambda *_: replace(GOOD, latencies={"values": 2.01}))
    record = campaign._undisturbed(arena, RUN, 0, "late")
    assert record["faults"] == ["the push of the values was seen after 2.01 s, promised are 2 s"]


def test_results_that_prove_nothing_are_faults(place, catalogue, monkeypatch):
    monkeypatch.setattr(telemetry_run, "emit_run", lambda *_, **__: [])
    monkeypatch.setattr(telemetry_run, "verify_run", lambda *_, **__: [])
    done = carry_out("nothing", catalogue, place)
    assert done.faults == (
        "the push of the baseline was not seen",
        "the push of the values was not seen",
        "0 of 326 series are equal",
    )


def test_series_that_are_not_there_are_faults(place, catalogue, monkeypatch):
    monkeypatch.setattr(telemetry_run, "emit_run", lambda *_, **__: [])
    done = carry_out("never-pushed", catalogue, place)
    assert done.equal == 0
    assert any(fault.startswith("telemetry.samples.") for fault in done.faults)


def test_a_group_that_outlives_its_deletion_is_a_fault(place, catalogue, monkeypatch):
    class Keeping(PushgatewayClient):
        def delete(self, validation_run: str) -> None:
            pass

    monkeypatch.setattr(telemetry_run, "emit_run", lambda *_, **__: [])
    place.gateway.push("kept", values_registry(plan_run("kept", catalogue), catalogue))
    keeping = replace(place, gateway=Keeping(HttpService("Pushgateway", place.gateway_url)))
    assert "the group is still there after its deletion" in carry_out("kept", catalogue, keeping).faults


def test_a_sweep_that_takes_nothing_is_a_fault(arena, place, catalogue, monkeypatch):
    monkeypatch.setattr(campaign, "carry_out", lambda *_: GOOD)
    monkeypatch.setattr(campaign, "sweep_groups", lambda *_, **__: [])
    monkeypatch.setattr(campaign, "_GONE_SECONDS", 0.2)
    place.gateway.push("left-behind", values_registry(plan_run("left-behind", catalogue), catalogue))
    wait_for(
        "the group in Prometheus",
        lambda: place.prometheus.query('push_time_seconds{validation_run="left-behind"}') or None,
        timeout_seconds=10,
    )
    record = campaign._after_the_kills(arena, "last")
    assert record["faults"] == [
        "the sweep did not take the group of left-behind",
        "the group of left-behind is left",
        "0.2 s after the last group's deletion Prometheus still shows series of a run",
    ]
    assert (record["swept"], record["groups_left"]) == (0, 1)


FOUND = {
    "pushes_later_than_promised": 0,
    "groups_left": 0,
    "faults": 0,
    "series": 326,
    "series_equal": 326,
    "kills": 1,
    "groups_swept_after_the_kills": 1,
}


@pytest.mark.parametrize(
    "change",
    [
        {"pushes_later_than_promised": 1},
        {"groups_left": 1},
        {"faults": 1},
        {"series_equal": 325},
        {"series": 0, "series_equal": 0},
        {"groups_swept_after_the_kills": 0},
    ],
)
def test_one_missed_promise_is_enough(change):
    assert kept(FOUND)
    assert kept({**FOUND, "kills": 0, "groups_swept_after_the_kills": 0})
    assert not kept({**FOUND, **change})


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (BROKEN, "the emitting process ended with status 1: it is down"),
        (SPEECHLESS, "the emitting process ended with status 3: without a word"),
    ],
)
def test_a_process_that_ends_by_itself_is_a_fault(arena, journal, code, fault):
    arena.command = child(code)
    record = campaign._killed(arena, journal, 0, 1, 60.0)
    assert record["faults"] == [fault]
    assert record["counts"] is False


def test_kills_that_always_come_too_late_end_the_campaign(arena, journal):
    arena.command = child(QUICK)
    record = campaign._killed(arena, journal, 0, 1, 60.0)
    assert (record["counts"], record["faults"]) == (False, [])
    for _ in range(10):
        journal.add(record)
    with pytest.raises(CheckFailedError, match="over before it, 10 times"):
        campaign._killed(arena, journal, 0, 1, 60.0)


def test_a_process_that_does_not_get_ready_is_an_error(place):
    with pytest.raises(ServiceUnreachableError, match="did not get ready: 'broken'"):
        kill_at(0.1, "x", place, command=(sys.executable, "-c", "print('broken')"))


def test_what_a_killed_process_started_cannot_hold_the_campaign(place, monkeypatch):
    monkeypatch.setattr(killing, "_END_SECONDS", 0.2)
    with pytest.raises(DeadlineError, match="did not end"):
        kill_at(0.1, "x", place, command=child(HEIR))


def test_the_command_line_writes_the_summary_and_resumes(tmp_path, place, monkeypatch, capsys):
    monkeypatch.setattr(campaign, "private_monitoring", lambda: nullcontext(place))
    monkeypatch.setattr(campaign, "carry_out", lambda *_: replace(GOOD, seconds=0.9))
    assert main(["--runs", "1", "--kills", "1", "--seed", "5"], root=tmp_path) == 0
    written = json.loads((tmp_path / "campaigns" / "results" / "telemetry.json").read_text())
    assert (written["seed"], written["runs"], written["kills"], written["faults"]) == (5, 1, 1, 0)
    assert written["prometheus"].startswith("2.")
    assert written["commit"]
    assert "[1/1] 326 of 326 series equal; seen: baseline after 0.90 s" in capsys.readouterr().err
    assert main(["--runs", "1", "--kills", "1"], root=tmp_path) == 0
    assert "[1/1]" not in capsys.readouterr().err
    assert main(["--runs", "1", "--seed", "6"], root=tmp_path) == 2
    assert "on other terms" in capsys.readouterr().err


def test_the_command_line_fails_with_a_missed_promise(tmp_path, place, monkeypatch, capsys):
    monkeypatch.setattr(campaign, "private_monitoring", lambda: nullcontext(place))
    monkeypatch.setattr(campaign, "carry_out", lambda *_: replace(GOOD, equal=325))
    assert main(["--runs", "1", "--kills", "0"], root=tmp_path) == 1
    assert "650 of 652 series equal" in capsys.readouterr().err


def test_without_any_push_there_is_no_latency_to_tell(journal):
    run = {"sort": RUN, "run": 0, "latencies": {}, "series": 1, "equal": 0, "faults": ["x"]}
    journal.add(run)
    journal.add({**run, "sort": LAST, "kills": 0, "session": "now", "swept": 0, "groups_left": 0})
    found = summary(journal, runs=1, kills=0, seed=1)
    assert found["push_to_visible_seconds"] == {"all": None}
    assert "NOT every promise kept" in outcome(found)


def test_ctrl_c_leaves_no_process(tmp_path):
    code = (
        "import sys; from pathlib import Path; from campaigns.telemetry import main; "
        f"sys.exit(main([], root=Path({str(tmp_path)!r})))"
    )
    with subprocess.Popen(
        (sys.executable, "-c", code), cwd=PROJECT, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert "[1/50]" in process.stderr.readline()
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on from here" in told
    assert len(started) >= 2
    assert not [one for one in started if one.is_running()]
    assert len(Journal(tmp_path / "build" / "campaigns" / "telemetry" / "results.jsonl").records) >= 1
