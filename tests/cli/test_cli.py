from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from staging_validation import cli
from staging_validation.cli_commands import local
from staging_validation.errors import ConfigurationError, DeadlineError, GuardRefusedError


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The calls that the command line makes."""
    calls: list[tuple[Any, ...]] = []

    def run(dag_id: str, conf: dict[str, Any], *, keep: bool) -> int:
        calls.append(("run", dag_id, conf, keep))
        return 1

    def other(name: str) -> Callable[[], int]:
        def command() -> int:
            calls.append((name,))
            return 0

        return command

    monkeypatch.setattr(local, "run", run)
    monkeypatch.setattr(local, "up", other("up"))
    monkeypatch.setattr(local, "down", other("down"))
    return calls


def test_run_has_defaults(ran: list[tuple[Any, ...]]) -> None:
    assert cli.main(["run"]) == 1
    assert ran == [("run", "staging_nightly", {}, False)]


def test_run_takes_a_dag_and_parameters(ran: list[tuple[Any, ...]]) -> None:
    cli.main(["run", "--dag", "staging_reset", "--conf", '{"a": [1]}', "--keep"])
    assert ran == [("run", "staging_reset", {"a": [1]}, True)]


def test_up_and_down(ran: list[tuple[Any, ...]]) -> None:
    assert cli.main(["up"]) == 0
    assert cli.main(["down"]) == 0
    assert ran == [("up",), ("down",)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--conf", "{'a': 1}"], "no valid JSON (line 1, column 2"),
        (["run", "--conf", "[1]"], "the parameters are a JSON object"),
        (["walk"], "invalid choice: 'walk'"),
        ([], "required: COMMAND"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigurationError("there is no prometheus", remedy="install it"), 2),
        (DeadlineError("Airflow did not start"), 2),
        (GuardRefusedError("this is production"), 3),
    ],
)
def test_an_obstacle_is_told_in_a_sentence(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise error

    monkeypatch.setattr(local, "up", fail)
    assert cli.main(["up"]) == status
    assert capsys.readouterr().err == f"staging-validation: {error}\n"


def test_a_bug_is_a_crash_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash() -> int:
        raise KeyError("surprise")

    monkeypatch.setattr(local, "down", crash)
    assert cli.main(["down"]) == 4
    told = capsys.readouterr().err
    assert "KeyError: 'surprise'" in told
    assert "a bug of staging-validation" in told
