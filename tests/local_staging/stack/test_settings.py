from __future__ import annotations

import json
from pathlib import Path

import pytest

from local_staging.stack.settings import LocalSettings, Pool, connection_value, connection_variable
from staging_validation.clients.connections import ConnectionSettings
from staging_validation.errors import ConfigurationError

PROJECT = Path(__file__).resolve().parents[3]


def write(folder: Path, text: str) -> Path:
    path = folder / "airflow_settings.yaml"
    path.write_text(text)
    return path


def test_the_shipped_file_names_everything_and_no_secret() -> None:
    settings = LocalSettings.load(PROJECT / "airflow_settings.yaml", {})
    assert set(settings.file_connections) == {
        "staging_postgres",
        "staging_api",
        "pushgateway_default",
        "prometheus_default",
        "stripe_default",
    }
    assert not [found for found in settings.file_connections.values() if found.secret]
    assert settings.variables == {
        "staging_validation_environment": "staging",
        "staging_validation_results_url": "",
        "staging_validation_email_to": "",
        "staging_validation_report_link": "",
    }
    assert [(pool.name, pool.slots) for pool in settings.pools] == [("staging_validation", 4)]
    assert settings.file_connections["staging_api"].base_url == "https://api.staging.example.com:443"


def test_the_shipped_file_survives_the_astro_cli() -> None:
    # The Astro CLI puts values between apostrophes on a shell's command line.
    values = [
        line.split("#")[0]
        for line in (PROJECT / "airflow_settings.yaml").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert "'" not in "".join(values)


def test_the_environment_is_kept_apart_from_the_file() -> None:
    environ = {"AIRFLOW_CONN_STAGING_API": '{"conn_type": "http", "host": "mine"}'}
    settings = LocalSettings.load(PROJECT / "airflow_settings.yaml", environ)
    assert settings.given["staging_api"].host == "mine"
    assert settings.extra_of("staging_api") == {"timeout": 10}
    assert settings.extra_of("unknown") == {}


def test_a_connection_becomes_the_json_that_airflow_reads() -> None:
    connection = ConnectionSettings(
        conn_id="staging_postgres",
        conn_type="postgres",
        host="h",
        port=1,
        schema="s",
        login="l",
        password="p",
    )
    assert connection_variable("staging_postgres") == "AIRFLOW_CONN_STAGING_POSTGRES"
    assert json.loads(connection_value(connection)) == {
        "conn_type": "postgres",
        "host": "h",
        "port": 1,
        "schema": "s",
        "login": "l",
        "password": "p",
    }


@pytest.mark.parametrize("slots", ["0", "many", ""])
def test_a_pool_needs_slots(tmp_path: Path, slots: str) -> None:
    path = write(tmp_path, f"airflow:\n  pools:\n    - pool_name: p\n      pool_slot: {slots}\n")
    with pytest.raises(ConfigurationError, match="pool 'p' has pool_slot"):
        LocalSettings.load(path, {})


def test_pools_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path, "airflow:\n  pools:\n    - {pool_name: p, pool_slot: 3, pool_description: three}\n"
    )
    assert LocalSettings.load(path, {}).pools == (Pool("p", 3, "three"),)


def test_a_variable_needs_a_name(tmp_path: Path) -> None:
    path = write(tmp_path, "airflow:\n  variables:\n    - variable_value: x\n")
    with pytest.raises(ConfigurationError, match=r"airflow\.variables\[0\] has no variable_name"):
        LocalSettings.load(path, {})
