"""``doctor`` as people run it: the table, JSON, one connection alone, the local stack, Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from typing import Any

import psutil

from local_staging.stack.sessions import ProcessIdentity
from local_staging.stack.state import RecordedProcess, StackState
from staging_validation import cli
from staging_validation.clients import doctor as examination
from staging_validation.clients.doctor_findings import EXAMPLES
from staging_validation.errors import ConfigurationError, ServiceUnreachableError
from tests.cli.doctor.shared import (
    KEY,
    NEEDED,
    PROJECT,
    SECRET,
    outcome,
)


def test_a_good_staging_passes_and_nothing_is_changed(staging, doctor):
    status, found = doctor()
    wrong = {
        check: result for check, result in found.items() if result["outcome"] not in ("passed", "skipped")
    }
    assert (status, wrong) == (0, {})
    assert outcome(found, "guard.verdict") == "passed"
    for conn_id in (*NEEDED, "grafana_default", "alertmanager_default", "staging_api_strict"):
        assert outcome(found, f"{conn_id}.reachable") == "passed"
    assert {check: found[check]["actual"] for check in found if check.endswith("version")} == {
        "staging_postgres.version": found["staging_postgres.version"]["actual"],
        "pushgateway_default.version": "1.6.0",
        "prometheus_default.version": "2.45.0",
        "grafana_default.version": "11.2.0",
        "alertmanager_default.version": "0.27.0",
    }
    methods = {method for server in staging.servers.values() for method, _ in server.asked}
    assert methods == {"GET"}


def test_people_get_a_table_without_secrets(staging, capsys):
    assert cli.main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "Run doctor: passed" in told
    assert "PASSED:" in told
    for secret in (KEY, SECRET, staging.database["password"]):
        assert secret not in told


def _identity(process: subprocess.Popen[bytes]) -> ProcessIdentity:
    return ProcessIdentity.of(process.pid)


def test_the_local_stack_is_asked_for_its_connections(staging, doctor, monkeypatch, tmp_path):
    (tmp_path / "include").symlink_to(PROJECT / "include")
    monkeypatch.setenv("STAGING_VALIDATION_HOME", str(tmp_path))
    waits = [sys.executable, "-c", "input()"]
    with (
        subprocess.Popen(
            waits, stdin=subprocess.PIPE, env={}
        ) as untold,  # as one that wrote over its environment
        subprocess.Popen(waits, stdin=subprocess.PIPE) as airflow,
    ):
        for conn_id in EXAMPLES:
            monkeypatch.delenv(f"AIRFLOW_CONN_{conn_id.upper()}", raising=False)
        assert doctor()[0] == 1
        recorded = [
            RecordedProcess(name=f"airflow {name}", pid=process.pid, created=_identity(process).created)
            for name, process in (("api-server", untold), ("scheduler", airflow))
        ]
        state = tmp_path / "build" / "stack" / "state.json"
        state.parent.mkdir(parents=True)
        state.write_text(StackState(kept=True, processes=recorded).model_dump_json())
        assert doctor("--local")[0] == 0
        for process in (untold, airflow):
            process.communicate(b"\n")
    assert cli.main(["doctor", "--local"]) == 2


def test_what_takes_too_long_is_told(staging, doctor, monkeypatch, mute_port):
    monkeypatch.setattr(examination, "LONGEST_SECONDS", 0.5)
    staging.connect("alertmanager_default", host="127.0.0.1", port=mute_port)
    _, found = doctor("alertmanager_default")
    assert "not looked at within" in found["alertmanager_default.deadline"]["actual"]


def test_an_unknown_connection_is_told(staging, capsys):
    assert cli.main(["doctor", "grafana"]) == 2
    assert "Did you mean grafana_default?" in capsys.readouterr().err


def test_a_bug_of_ours_is_a_crash(staging, monkeypatch, capsys):
    def broken(*_given: Any) -> None:
        raise RuntimeError("broken")

    known = examination.CONNECTIONS[0]
    monkeypatch.setattr(
        examination, "CONNECTIONS", (examination.Examined(known.conn_id, broken, known.needs),)
    )
    monkeypatch.setattr(examination, "ASKED", ())
    assert cli.main(["doctor"]) == 4
    assert "please report it" in capsys.readouterr().err


def test_interrupted_it_ends_at_once(staging):
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        mute.settimeout(60)
        port = mute.getsockname()[1]
        staging.connect("alertmanager_default", host="127.0.0.1", port=port)
        program = [sys.executable, "-m", "staging_validation.cli", "doctor"]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            accepted, _ = mute.accept()  # it asks now, and gets no answer
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
            accepted.close()
    assert (process.returncode, out) == (-signal.SIGINT, "")
    assert "nothing was changed" in err


def test_a_service_that_dies_meanwhile_and_a_broken_file_are_told(staging, doctor, monkeypatch):
    def dies(*_given: Any) -> None:
        raise ServiceUnreachableError("Grafana", "gone")

    def broken(*_given: Any) -> None:
        raise ConfigurationError("tables.yaml is broken")

    known = [examination.Examined("grafana_default", dies), examination.Examined("staging_api", broken)]
    monkeypatch.setattr(examination, "CONNECTIONS", (*known, *examination.CONNECTIONS[-1:]))
    status, found = doctor("grafana_default", "staging_api")
    assert (status, outcome(found, "grafana_default.reachable")) == (1, "errored")
    assert found["staging_api.complete"]["actual"] == "tables.yaml is broken"


def test_a_guard_that_cannot_be_asked_is_errored(staging, doctor, monkeypatch):
    def fails(*_given: Any, **_more: Any) -> None:
        raise ConfigurationError("no")

    monkeypatch.setattr(examination, "guard", fails)
    status, found = doctor()
    assert (status, outcome(found, "guard.verdict")) == (2, "errored")


def test_a_stack_of_somebody_else_is_told(staging, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("STAGING_VALIDATION_HOME", str(tmp_path))
    (tmp_path / "include").symlink_to(PROJECT / "include")
    state = tmp_path / "build" / "stack" / "state.json"
    state.parent.mkdir(parents=True)
    ours = ProcessIdentity.of(os.getpid())
    recorded = RecordedProcess(name="airflow scheduler", pid=ours.pid, created=ours.created)
    state.write_text(StackState(kept=True, processes=[recorded]).model_dump_json())

    def denied(_process: psutil.Process) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "environ", denied)
    assert cli.main(["doctor", "--local"]) == 2
    assert "as the user who started the stack" in capsys.readouterr().err


def test_a_missing_local_staging_is_told(staging, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "local_staging.stack.state", None)
    assert cli.main(["doctor", "--local"]) == 2
    assert "The local staging is not installed" in capsys.readouterr().err
