"""The short form of the reset campaign, and proof that it would notice a partial state."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext

import psycopg
import pytest

from campaigns import reset as campaign
from campaigns import reset_kill
from campaigns.common import Journal
from campaigns.reset import Arena, arena, main, run_campaign, summary
from campaigns.reset_database import AFTER, BEFORE, PARTIAL, judge
from campaigns.reset_kill import BACKEND, CHILD, CLIENT, TERMINATED, full_reset, kill_at
from staging_validation.clients.postgres import connect
from staging_validation.errors import CheckFailedError, DeadlineError, ServiceUnreachableError

CUSTOMERS = 120
AT_REST = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Arena]:
    with arena(customers=CUSTOMERS) as place:
        yield place


@pytest.fixture
def place(shared) -> Iterator[Arena]:
    """The polluted database, made again after each test that changed it."""
    yield shared
    shared.command = CHILD
    if shared.judge()[0] != BEFORE:
        shared.restore()


@pytest.fixture
def journal(tmp_path) -> Journal:
    opened = Journal(tmp_path / "results.jsonl")
    opened.begin({"seed": 1})
    return opened


def judged_with(place: Arena, statement: str) -> tuple[str, list[str]]:
    """Judge the database with a change that is taken back."""
    with psycopg.connect(place.server.dsn("staging")) as connection:
        connection.execute(statement)
        found = judge(connection, place.baseline, place.states)
        connection.rollback()
    return found


def child(code: str) -> tuple[str, ...]:
    """Return the command of a process that speaks as the resetting one does, and does something else."""
    return (sys.executable, "-c", PREFACE + code)


PREFACE = """
import json, os, sys, time
from staging_validation.clients.connections import STAGING_POSTGRES, load_connections
from staging_validation.clients.postgres import connect
connection = connect(load_connections(os.environ)[STAGING_POSTGRES])
connection.autocommit = True
print(json.dumps({"backend": connection.info.backend_pid}), flush=True)
sys.stdin.readline()
"""
HALF = """
connection.execute("DELETE FROM usage_records WHERE id % 2 = 0")
time.sleep(60)
"""
LIAR = 'print(json.dumps({"seconds": 0.1}))'
SPEECHLESS = """
try:
    connection.execute("SELECT pg_sleep(60)")
except Exception:
    sys.exit(1)
"""
DEAF = """
import threading
threading.Thread(target=time.sleep, args=(60,)).start()
"""


def test_five_kills_leave_all_or_nothing(place, journal):
    full = run_campaign(place, journal, runs=5, seed=1, measured=1)
    found = summary(journal.records, runs=5, seed=1, customers=CUSTOMERS, full=full, postgresql="18")
    assert found["states"]["partial"] == found["faults"] == 0
    assert sum(found["states"].values()) == 5
    assert found["kills"] == {CLIENT: 3, BACKEND: 1, TERMINATED: 1}
    assert [record["run"] for record in journal.records if record["counts"]] == [0, 1, 2, 3, 4]


def test_a_campaign_goes_on_where_it_was_killed(place, journal, monkeypatch):
    monkeypatch.setattr(Arena, "reset_completely", lambda _: 0.05)
    for run in range(2):
        journal.add({"run": run, "counts": True})
    run_campaign(place, Journal(journal.path), runs=3, seed=1)
    (record,) = Journal(journal.path).records[2:]
    assert (record["run"], record["victim"]) == (2, CLIENT)


def test_the_moments_follow_from_the_seed(place, tmp_path, monkeypatch):
    monkeypatch.setattr(Arena, "reset_completely", lambda _: 0.05)
    moments = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        journal = Journal(tmp_path / name)
        journal.begin({})
        run_campaign(place, journal, runs=1, seed=seed)
        moments.append(journal.records[0]["moment_seconds"])
    assert moments[0] == moments[1] != moments[2]


def test_the_polluted_database_holds_everything_that_a_reset_must_meet(place):
    with closing(connect(place.settings)) as connection:
        for table in place.baseline.everything:
            if table not in ("webhook_queue", "staging_validation.marker_history"):
                assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() > (0,), table
    everything, others = place.baseline.everything, place.baseline.others
    assert everything["customers"][0] == 2 * CUSTOMERS + 10
    assert others["customers"][0] == CUSTOMERS
    assert others["billing_events"][0] == everything["billing_events"][0]
    assert others["billing_events"] != everything["billing_events"]
    assert others["fix_attempts"][0] < everything["fix_attempts"][0]


def test_nothing_changed_is_the_state_before(place):
    assert place.judge() == (BEFORE, [])


FIRST_POLLUTED = "SELECT min(id) FROM customers WHERE email LIKE 'polluted%'"


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM usage_records WHERE customer_id = ({FIRST_POLLUTED})",
        f"UPDATE customers SET metadata = '{{}}' WHERE id = ({FIRST_POLLUTED})",
        f"UPDATE billing_events SET customer_id = NULL WHERE customer_id = ({FIRST_POLLUTED})",
        "UPDATE staging_validation.marker SET reason = 'x'",
        "DELETE FROM credit_transactions WHERE amount = 1",
        "CREATE TABLE more ()",
    ],
)
def test_anything_else_than_before_is_partial(place, statement):
    state, wrong = judged_with(place, statement)
    assert state == PARTIAL
    assert wrong


NOT_AFTER = {
    "UPDATE customers SET name = 'x' WHERE email = 'customer-7@example.org'": "customers: ",
    "DELETE FROM fix_attempts WHERE id = (SELECT min(id) FROM fix_attempts)": "fix_attempts: ",
    "DELETE FROM billing_events WHERE customer_id IS NULL": "billing_events: ",
    "DELETE FROM customers WHERE email = 'pro@test.example.com'": "pro_active: ",
    "UPDATE customers SET stripe_customer_id = 'cus_x' WHERE email = 'pro@test.example.com'": "pro_active: ",
    "DELETE FROM api_keys WHERE name LIKE 'Seeded%'": "trial_credits: ",
    "INSERT INTO customers (name, email, inserted_at, updated_at) SELECT 'x', 'polluted-1@test.example.com', now(),"
    " now()": "others: ",
    "INSERT INTO webhook_queue (body, available_at, inserted_at, updated_at) SELECT '', now(), now(), now()": (
        "webhook_queue: "
    ),
    "DROP TABLE webhook_queue": "webhook_queue: ",
}


def test_anything_else_than_after_is_partial(place):
    full_reset(place.settings, ceiling=place.ceiling)
    assert place.judge() == (AFTER, [])
    for statement, named in NOT_AFTER.items():
        state, wrong = judged_with(place, statement)
        assert state == PARTIAL, statement
        assert any(named in sentence for sentence in wrong), wrong


@pytest.mark.parametrize("victim", [CLIENT, BACKEND, TERMINATED])
def test_a_reset_without_a_transaction_is_caught(place, victim, monkeypatch, capsys):
    monkeypatch.setattr(campaign, "VICTIMS", (victim,))
    place.command = child(
        HALF
        if victim == CLIENT
        else HALF.replace("time.sleep(60)", "connection.execute('SELECT pg_sleep(60)')")
    )
    record = campaign._one_run(place, 0, 0.5)
    assert record["counts"]
    assert record["state"] == PARTIAL
    assert any("usage_records" in fault for fault in record["faults"])
    campaign._report(record, 1)
    assert "partial: " in capsys.readouterr().err
    assert place.judge() == (BEFORE, [])
    found = summary([record], runs=1, seed=1, customers=1, full=1.0, postgresql="18")
    assert found["states"] == {PARTIAL: 1}
    assert found["faults"] == 1


def test_a_success_that_is_none_is_caught(place):
    place.command = child(LIAR)
    record = campaign._one_run(place, 0, 5.0)
    assert not record["counts"]
    assert record["faults"] == ["the reset reported its success, and the state is before"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_process_that_ends_without_a_word_is_caught(place, number):
    place.command = child(SPEECHLESS)
    record = campaign._one_run(place, number, 0.2)
    assert record["state"] == BEFORE
    assert record["faults"] == ["the resetting process ended with status 1 and without a word"]


def test_a_process_that_dies_of_its_server_is_caught(place):
    place.command = child(SPEECHLESS.replace("sys.exit(1)", "os.abort()"))
    record = campaign._one_run(place, 1, 0.2)
    assert "the resetting process died of signal 6" in record["faults"]


def test_a_process_that_hangs_is_an_error_and_is_ended(place, monkeypatch):
    monkeypatch.setattr(reset_kill, "_END_SECONDS", 0.5)
    with pytest.raises(DeadlineError, match="did not end"):
        kill_at(0.1, TERMINATED, place.settings, ceiling=1, command=child(DEAF))


def test_a_process_that_does_not_get_ready_is_an_error(place, monkeypatch):
    with pytest.raises(ServiceUnreachableError, match="did not get ready: ''"):
        full_reset(place.settings, ceiling=1, command=(sys.executable, "-c", ""))
    with pytest.raises(ServiceUnreachableError, match="did not get ready"):
        full_reset(place.settings, ceiling=1, command=(sys.executable, "-c", "print('{}')"))


def test_a_kill_after_the_end_does_not_count(place):
    for victim in (CLIENT, BACKEND, TERMINATED):
        killed = kill_at(30, victim, place.settings, ceiling=place.ceiling)
        assert not killed.counts
        assert killed.report["seconds"] > 0
        place.restore()


def test_a_kill_that_a_process_survived_until_its_own_end_does_not_count(place, monkeypatch):
    monkeypatch.setattr(reset_kill, "_kill_backend", lambda *_, **__: True)
    killed = kill_at(0.01, BACKEND, place.settings, ceiling=place.ceiling)
    assert not killed.counts
    assert killed.report["seconds"] > 0
    assert place.judge() == (AFTER, [])


def test_only_server_processes_of_this_server_are_killed(place):
    with psycopg.connect(place.server.dsn("admin")) as witness:
        own = witness.info.backend_pid
        assert not reset_kill._kill_backend(1, sibling=own)
        assert not reset_kill._kill_backend(2**22 + 1, sibling=own)
        assert witness.execute("SELECT 1").fetchone() == (1,)


def test_nothing_of_a_kill_is_left(place):
    for victim in (CLIENT, BACKEND, TERMINATED):
        kill_at(0.01, victim, place.settings, ceiling=place.ceiling)
        with closing(connect(place.settings)) as connection:
            assert connection.execute(AT_REST).fetchone() == (0,)


def test_a_reset_that_fails_by_itself_ends_the_campaign(place, journal):
    with pytest.raises(ServiceUnreachableError, match=r"ended with status 1: .*customers"):
        full_reset(place.settings, ceiling=1)
    place.command = child(LIAR)
    with pytest.raises(CheckFailedError, match="left the state 'before'"):
        run_campaign(place, journal, runs=1, seed=1)


def test_kills_that_always_come_too_late_end_the_campaign(place, journal, monkeypatch):
    monkeypatch.setattr(Arena, "reset_completely", lambda _: 0.1)
    for _ in range(10):
        journal.add({"run": 0, "counts": False})
    with pytest.raises(CheckFailedError, match="over before the kill, 10 times"):
        run_campaign(place, journal, runs=1, seed=1)


def test_the_command_line_writes_the_summary_and_resumes(tmp_path, place, monkeypatch, capsys):
    monkeypatch.setattr(campaign, "arena", _given(place))
    monkeypatch.setattr(Arena, "reset_completely", lambda _: 0.05)
    options = ["--runs", "1", "--customers", str(CUSTOMERS)]
    assert main([*options, "--seed", "5"], root=tmp_path) == 0
    found = json.loads((tmp_path / "campaigns" / "results" / "reset.json").read_text())
    assert (found["seed"], found["runs"], found["faults"]) == (5, 1, 0)
    assert found["postgresql"].split(".")[0].isdecimal()
    monkeypatch.setattr(campaign, "run_campaign", lambda *_, **options: options["seed"] / 5)
    assert main(options, root=tmp_path) == 0
    assert (
        json.loads((tmp_path / "campaigns" / "results" / "reset.json").read_text())["whole_reset_seconds"]
        == 1
    )


def test_the_command_line_fails_with_a_partial_state_and_with_an_error(tmp_path, place, monkeypatch, capsys):
    monkeypatch.setattr(campaign, "arena", _given(place))

    def found(_place, journal, **_options):
        journal.add({"run": 0, "victim": CLIENT, "counts": True, "state": PARTIAL, "faults": ["x"]})
        return 1.0

    monkeypatch.setattr(campaign, "run_campaign", found)
    assert main(["--runs", "1"], root=tmp_path) == 1
    assert main(["--runs", "1", "--customers", "7"], root=tmp_path) == 2
    assert "on other terms" in capsys.readouterr().err


def _given(place: Arena):
    return lambda *, customers: nullcontext(place)
