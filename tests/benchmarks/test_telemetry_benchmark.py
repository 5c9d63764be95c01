"""The telemetry benchmark in a small form: it measures the right thing, and says when something is wrong."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace

import pytest

from benchmarks import __main__ as command
from benchmarks import lint, reset, telemetry, telemetry_process
from benchmarks.figures import Figure
from benchmarks.telemetry import Sizes
from benchmarks.telemetry_process import RUN_ID
from benchmarks.telemetry_runs import grown
from campaigns.telemetry_monitoring import Monitoring, private_monitoring
from campaigns.telemetry_run import shipped_catalogue
from staging_validation.clients.http import HttpService
from staging_validation.clients.pushgateway import PushgatewayClient
from staging_validation.errors import ConfigurationError, DeadlineError, ServiceAnswerError
from staging_validation.telemetry import expected_samples, plan_run

TINY = Sizes(pushed=400, verified=700, pushes=2, verifications=1)


@pytest.fixture(scope="module")
def place() -> Iterator[Monitoring]:
    with private_monitoring() as place:
        yield place


@pytest.fixture(scope="module")
def catalogue():
    return shipped_catalogue()


@pytest.fixture
def handlers():
    """The signal handlers, put back after a test that calls the command line in this process."""
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("series", [400, 1_000, 5_000])
def test_a_run_is_as_large_as_wanted_and_hardly_larger(catalogue, series):
    plan, used = grown(catalogue, RUN_ID, series)
    samples = expected_samples(plan, used)
    assert series <= len(samples) < series + 326
    assert len({sample.series for sample in samples}) == len(samples)
    assert {event.event for event in plan.events} == set(catalogue.events)


def test_the_smallest_run_is_the_shipped_one(catalogue):
    assert grown(catalogue, RUN_ID, 0)[0] == plan_run(RUN_ID, catalogue)


def test_the_figures_and_their_budgets(place, monkeypatch):
    monkeypatch.setattr(telemetry, "private_monitoring", lambda: nullcontext(place))
    told: list[str] = []
    figures = {figure.name: figure for figure in telemetry.measure(TINY, say=told.append)}
    budgets = {name: figure.budget for name, figure in figures.items() if figure.budget is not None}
    assert budgets == {
        "the shipped run's 326 lines: built and pushed / PUT": 5.0,
        "580 lines: built and pushed": 150.0,
        "580 lines: built and pushed / PUT": 5.0,
        "834 series: verified": 3.0,
        "834 series: missing, extra or different": 0,
        "834 series: memory of the process": 200.0,
    }
    assert all(figure.value > 0 for name, figure in figures.items() if "missing" not in name)
    assert figures["834 series: missing, extra or different"].kept
    assert figures["834 series: memory of the process"].kept
    assert place.groups() == [RUN_ID]
    assert any("Verifying at least 700 series" in line for line in told)


def test_the_sizes_are_those_of_the_budgets():
    assert (telemetry.FULL.pushed, telemetry.FULL.verified) == (5_000, 10_000)
    assert telemetry.FULL.pushes >= 50


def test_what_is_put_is_what_is_pushed(place, catalogue):
    plan, used = grown(catalogue, RUN_ID, 0)
    measured = telemetry_process.push(plan, used, place, times=1)
    assert measured["lines"] == len(expected_samples(plan, used)) == 326
    assert measured["times"] == pytest.approx(measured["pushed_ms"] / measured["put_ms"])


def test_a_refused_put_is_an_error(place):
    with pytest.raises(ServiceAnswerError, match="answered 400"):
        telemetry_process._put(HttpService("Pushgateway", place.gateway_url), b"no metrics\n")


def test_a_run_that_never_appears_is_an_error_with_the_counts(place, catalogue, monkeypatch):
    class Swallowing(PushgatewayClient):
        def push(self, validation_run, registry) -> None:
            pass

    monkeypatch.setattr(telemetry_process, "_VISIBLE_SECONDS", 0.0)
    swallowing = replace(place, gateway=Swallowing(HttpService("Pushgateway", place.gateway_url)))
    with pytest.raises(DeadlineError, match=r"Last seen: \{'series': 0, 'wrong': 326\}"):
        telemetry_process.verify(plan_run("unseen", catalogue), catalogue, swallowing, times=1)


def test_a_measuring_process_that_fails_is_an_error(place):
    with pytest.raises(ConfigurationError, match=r"(?s)ended with 1: .*nonsense"):
        telemetry._process("nonsense", 0, 1, place)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(
    ("parts", "measured"),
    [
        ([], ["lint", "reset", "telemetry"]),
        (["all"], ["lint", "reset", "telemetry"]),
        (["telemetry"], ["telemetry"]),
        (["reset"], ["reset"]),
        (["telemetry", "reset"], ["reset", "telemetry"]),
    ],
)
def test_the_parts_can_be_chosen(tmp_path, monkeypatch, parts, measured):
    asked: list[str] = []
    for name, part in (("lint", lint), ("reset", reset), ("telemetry", telemetry)):
        monkeypatch.setattr(part, "measure", _answering(asked, name, Figure("it", 1.0, 1.0, "s")))
    assert command.main([*parts, "--keep", str(tmp_path)]) == 0
    assert asked == measured
    assert sorted(file.stem for file in tmp_path.iterdir()) == measured


@pytest.mark.usefixtures("handlers")
def test_one_missed_budget_of_any_part_fails(tmp_path, monkeypatch):
    missed, good = Figure("it", 2.0, 1.0, "s"), Figure("it", 1.0, 1.0, "s")
    monkeypatch.setattr(reset, "measure", _answering([], "reset", missed))
    monkeypatch.setattr(telemetry, "measure", _answering([], "telemetry", good))
    assert command.main(["reset", "telemetry", "--keep", str(tmp_path)]) == 1
    assert json.loads((tmp_path / "telemetry.json").read_text())["figures"][0]["kept"] is True


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(["dashboards"])
    assert "invalid choice: 'dashboards'" in capsys.readouterr().err


def _answering(asked: list[str], name: str, figure: Figure):
    def measure(sizes, *, say):
        asked.append(name)
        return [figure]

    return measure
