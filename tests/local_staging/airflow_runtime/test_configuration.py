from __future__ import annotations

from pathlib import Path

from local_staging.airflow_runtime.configuration import airflow_environment


def environment(environ: dict[str, str]) -> dict[str, str]:
    return airflow_environment(
        base={"PATH": "/bin", "ENVIRONMENT": environ.get("ENVIRONMENT", "")},
        environ=environ,
        home=Path("/home"),
        log_folder=Path("/logs"),
        dags_folder=Path("/dags"),
        plugins_folder=Path("/plugins"),
        metadata_url="postgresql+psycopg2://x",
        port=8080,
        user="admin",
        password_file=Path("/home/passwords"),
        secret="s",
        fernet_key="f",
    )


def test_airflow_listens_on_loopback_only_and_runs_only_what_is_asked_for() -> None:
    env = environment({})
    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert env["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] == "False"
    assert env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8080/execution/"


def test_the_users_settings_come_before_ours_save_where_things_are() -> None:
    env = environment(
        {
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__FERNET_KEY": "mine",
            "AIRFLOW_HOME": "/mine",
            "AIRFLOW_CONN_STAGING_API": "http://mine",
            "ENVIRONMENT": "production",
        }
    )
    assert env["AIRFLOW__CORE__PARALLELISM"] == "2"
    assert env["AIRFLOW__CORE__FERNET_KEY"] == "mine"
    assert env["AIRFLOW_HOME"] == "/home"
    assert env["AIRFLOW_CONN_STAGING_API"] == "http://mine"
    assert env["ENVIRONMENT"] == "production"
