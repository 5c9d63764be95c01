from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from local_staging.airflow_runtime.api import AirflowApi, TaskState
from local_staging.stack.interruption import Interruption
from staging_validation.errors import (
    ConfigurationError,
    DeadlineError,
    ServiceAnswerError,
    ServiceUnreachableError,
)

_RUNS = "/api/v2/dags/d/dagRuns"


@pytest.fixture
def api(httpserver: HTTPServer) -> AirflowApi:
    return AirflowApi(httpserver.url_for(""), user="admin", password="pw")


def test_signing_in_uses_the_token_from_then_on(api: AirflowApi, httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/auth/token", method="POST", json={"username": "admin", "password": "pw"}
    ).respond_with_json({"access_token": "t0ken"}, status=201)
    httpserver.expect_request(_RUNS, headers={"Authorization": "Bearer t0ken"}).respond_with_json(
        {"dag_runs": [{"dag_run_id": "r1"}]}
    )
    api.sign_in()
    assert api.run_ids("d") == ["r1"]


def test_a_wrong_password_is_told(api: AirflowApi, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/auth/token").respond_with_json({"detail": "Invalid credentials"}, status=401)
    with pytest.raises(ServiceAnswerError, match=r"answered 401: .*Invalid credentials"):
        api.sign_in()


def test_health_names_what_is_not_healthy(api: AirflowApi, httpserver: HTTPServer) -> None:
    healthy = {"status": "healthy"}
    httpserver.expect_request("/api/v2/monitor/health").respond_with_json(
        {
            "metadatabase": healthy,
            "scheduler": {"status": "unhealthy"},
            "triggerer": healthy,
            "dag_processor": None,
        }
    )
    assert api.unhealthy() == {"scheduler": "unhealthy", "dag_processor": "None"}


def test_nothing_is_healthy_while_nothing_answers() -> None:
    silent = AirflowApi("http://127.0.0.1:9", user="admin", password="pw")
    assert set(silent.unhealthy().values()) == {"no answer yet"}
    with pytest.raises(ServiceUnreachableError):
        silent.run_ids("d")


@pytest.mark.parametrize("exists", [False, True])
def test_a_pool_is_created_or_given_its_slots(
    api: AirflowApi, httpserver: HTTPServer, *, exists: bool
) -> None:
    body = {"name": "p", "slots": 4, "description": "four", "include_deferred": False}
    httpserver.expect_ordered_request("/api/v2/pools", method="POST", json=body).respond_with_json(
        {}, status=409 if exists else 201
    )
    if exists:
        httpserver.expect_ordered_request("/api/v2/pools/p", method="PATCH", json=body).respond_with_json({})
    api.ensure_pool("p", 4, "four")
    httpserver.check_assertions()
    assert len(httpserver.log) == (2 if exists else 1)


def test_a_refused_pool_is_told(api: AirflowApi, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v2/pools").respond_with_json({"detail": "no"}, status=422)
    with pytest.raises(ServiceAnswerError, match="answered 422"):
        api.ensure_pool("p", -4)


def test_a_dag_is_waited_for(api: AirflowApi, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/api/v2/dags/d/details").respond_with_json({}, status=404)
    httpserver.expect_request("/api/v2/dags/d/details").respond_with_json({"dag_id": "d"})
    httpserver.expect_request("/api/v2/importErrors").respond_with_json({"import_errors": []})
    api.wait_for_dag("d", timeout_seconds=10)


def test_a_dag_that_does_not_come_is_told(api: AirflowApi, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v2/dags/d/details").respond_with_json({}, status=404)
    httpserver.expect_request("/api/v2/dags").respond_with_json({"dags": [{"dag_id": "other"}]})
    with pytest.raises(DeadlineError, match=r"Airflow to read the DAG d.*the DAGs other"):
        api.wait_for_dag("d", timeout_seconds=0)


def test_an_import_error_ends_the_wait(api: AirflowApi, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v2/dags/d/details").respond_with_json({}, status=404)
    error = {"filename": "d.py", "stack_trace": "Traceback\n  line 3\nSyntaxError: invalid syntax\n"}
    httpserver.expect_request("/api/v2/importErrors").respond_with_json({"import_errors": [error]})
    with pytest.raises(ConfigurationError, match=r"cannot read d\.py: .*SyntaxError: invalid syntax"):
        api.wait_for_dag("d", timeout_seconds=10, patience_seconds=0)


def test_another_file_that_cannot_be_read_is_no_obstacle(api: AirflowApi, httpserver: HTTPServer) -> None:
    error = {"filename": "other.py", "stack_trace": "SyntaxError"}
    httpserver.expect_request("/api/v2/importErrors").respond_with_json({"import_errors": [error]})
    httpserver.expect_oneshot_request("/api/v2/dags/d/details").respond_with_json({}, status=404)
    httpserver.expect_request("/api/v2/dags/d/details").respond_with_json({"dag_id": "d"})
    api.wait_for_dag("d", timeout_seconds=10)


def test_a_wait_can_be_interrupted(httpserver: HTTPServer) -> None:
    interruption = Interruption()
    interruption.request(2)
    api = AirflowApi(httpserver.url_for(""), user="a", password="b", interruption=interruption)
    with pytest.raises(KeyboardInterrupt):
        api.wait_for_dag("d", timeout_seconds=10)


def test_a_run_is_triggered_with_a_date_and_its_parameters(api: AirflowApi, httpserver: HTTPServer) -> None:
    sent: list[dict[str, Any]] = []

    def handle(request: Request) -> Response:
        sent.append(json.loads(request.data))
        return Response("{}", content_type="application/json")

    httpserver.expect_request(_RUNS, method="POST").respond_with_handler(handle)
    httpserver.expect_request("/api/v2/dags/d", method="PATCH", json={"is_paused": False}).respond_with_json(
        {}
    )
    api.trigger("d", "r1", {"states": ["a"]})
    api.unpause("d")
    assert sent[0]["dag_run_id"] == "r1"
    assert sent[0]["conf"] == {"states": ["a"]}
    assert sent[0]["logical_date"].endswith("+00:00")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda: Response('{"detail": "5 is not a string"}', status=400), "5 is not a string"),
        (lambda: Response("plain text", status=422), "plain text"),
    ],
)
def test_wrong_parameters_are_told(
    api: AirflowApi, httpserver: HTTPServer, answer: Callable[[], Response], expected: str
) -> None:
    httpserver.expect_request(_RUNS, method="POST").respond_with_response(answer())
    with pytest.raises(ConfigurationError, match=f"parameters for d: {expected}"):
        api.trigger("d", "r1", {"states": 5})


def test_a_run_that_airflow_does_not_take_is_told(api: AirflowApi, httpserver: HTTPServer) -> None:
    httpserver.expect_request(_RUNS, method="POST").respond_with_json({"detail": "exists"}, status=409)
    with pytest.raises(ServiceAnswerError, match="answered 409"):
        api.trigger("d", "r1", {})


def test_the_state_of_a_run(api: AirflowApi, httpserver: HTTPServer) -> None:
    httpserver.expect_request(f"{_RUNS}/r1").respond_with_json({"state": "running"})
    assert api.run_state("d", "r1") == "running"


def test_tasks_are_read_page_by_page(api: AirflowApi, httpserver: HTTPServer) -> None:
    def page(request: Request) -> Response:
        offset = int(request.args["offset"])
        entries = [
            {
                "task_id": "t",
                "map_index": index,
                "state": "success",
                "duration": 1.5,
                "rendered_map_index": None,
            }
            for index in range(offset, min(offset + 100, 130))
        ]
        return Response(json.dumps({"task_instances": entries}), content_type="application/json")

    httpserver.expect_request(f"{_RUNS}/r1/taskInstances").respond_with_handler(page)
    tasks = api.tasks("d", "r1")
    assert [task.map_index for task in tasks] == list(range(130))
    assert tasks[3].name == "t [3]"


@pytest.mark.parametrize(
    ("map_index", "label", "name"), [(-1, None, "g.t"), (0, None, "g.t [0]"), (0, "w01", "g.t [w01]")]
)
def test_the_name_of_a_task(map_index: int, label: str | None, name: str) -> None:
    assert TaskState("g.t", map_index, label, None, None).name == name
