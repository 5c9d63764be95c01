from __future__ import annotations

import json

import pytest

from staging_validation.clients.connections import (
    ConnectionSettings,
    load_connections,
    read_settings_file,
    settings_section,
)
from staging_validation.errors import ConfigurationError

read = ConnectionSettings.from_airflow_value


def test_json_as_airflow_documents_it():
    value = {
        "conn_type": "postgres",
        "host": "h",
        "port": 5,
        "schema": "d",
        "login": "u",
        "password": "p",
        "extra": {"a": 1},
    }
    found = read("staging_postgres", json.dumps(value))
    assert (found.conn_id, found.conn_type, found.host, found.port) == (
        "staging_postgres",
        "postgres",
        "h",
        5,
    )
    assert (found.database, found.login, found.secret, found.extra) == ("d", "u", "p", {"a": 1})


@pytest.mark.parametrize(("extra", "parsed"), [('{"a": 1}', {"a": 1}), (" ", {}), (None, {})])
def test_the_extra_field_may_be_text(extra, parsed):
    assert read("x", json.dumps({"extra": extra})).extra == parsed


def test_a_uri_as_airflow_documents_it():
    found = read("x", "postgresql://me%40corp:p%2Fw@db.example:5433/staging?sslmode=require")
    assert (found.conn_type, found.host, found.port, found.database) == (
        "postgres",
        "db.example",
        5433,
        "staging",
    )
    assert (found.login, found.secret, found.extra) == ("me@corp", "p/w", {"sslmode": "require"})


def test_a_uri_may_carry_its_extra_as_json():
    assert read("x", "my-type://h/?__extra__=%7B%22timeout%22%3A+5%7D").extra == {"timeout": 5}
    with pytest.raises(ConfigurationError, match="Connection x cannot be read: field extra"):
        read("x", "http://h/?__extra__=%7B")


def test_a_uri_without_a_host_is_allowed():
    found = read("stripe_default", "generic://:sk_test_abc@/")
    assert (found.host, found.secret) == (None, "sk_test_abc")


@pytest.mark.parametrize("value", ["", "just text", "host:5432", "//host"])
def test_anything_else_is_an_error(value):
    with pytest.raises(ConfigurationError, match="neither JSON nor a URI"):
        read("x", value)


@pytest.mark.parametrize("value", ["postgres://u:se#cret@h/d", "postgres://u:p@h:many/d", "postgres://[h/d"])
def test_a_broken_uri_is_an_error_that_shows_nothing_of_it(value):
    with pytest.raises(ConfigurationError, match="Connection x is no valid URI") as raised:
        read("x", value)
    assert "se" not in str(raised.value).replace("percent-encode special characters", "").replace(
        "password", ""
    )
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_broken_json_is_named_by_place():
    with pytest.raises(
        ConfigurationError, match=r"Connection x cannot be read: no valid JSON \(line 1, column 2"
    ):
        read("x", "{nonsense")


@pytest.mark.parametrize(
    ("fields", "named"),
    [({"port": "many"}, "field port"), ({"extra": "{"}, "field extra"), ({"extra": [1]}, "field extra")],
)
def test_a_wrong_field_is_named_and_its_value_is_not(fields, named):
    with pytest.raises(ConfigurationError, match=f"cannot be read: {named}") as raised:
        read("x", json.dumps(fields))
    assert "many" not in str(raised.value)


def test_the_password_is_never_printed():
    found = read("x", json.dumps({"password": "hunter2"}))
    assert "hunter2" not in repr(found)
    assert "hunter2" not in str(found.model_dump_json())
    assert read("x", "{}").secret is None


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "h"}, "http://h"),
        ({"host": "h", "port": 80}, "http://h:80"),
        ({"host": "h", "schema": "https"}, "https://h"),
        ({"host": "https://h/base/"}, "https://h/base"),
        ({"host": "https://h:1/", "port": 2}, "https://h:1"),
        ({"host": "https://h/", "port": 2}, "https://h:2"),
    ],
)
def test_the_address_of_an_http_service(fields, url):
    assert read("x", json.dumps(fields)).base_url == url


def test_a_service_without_a_host_has_no_address():
    with pytest.raises(ConfigurationError, match="Connection x has no host"):
        _ = read("x", "{}").base_url


SETTINGS = """
airflow:
  connections:
    - conn_id: staging_api
      conn_type: http
      conn_host: 127.0.0.1
      conn_schema:
      conn_login: ""
      conn_port: 4000
      conn_extra: {timeout: 5}
    - {conn_id: prometheus_default, conn_type: "", conn_uri: "http://127.0.0.1:9090"}
    - {conn_id: bare, conn_host: h}
  variables:
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "airflow_settings.yaml"
    path.write_text(SETTINGS)
    return path


def test_the_settings_file_is_read(file):
    found = read_settings_file(file)
    assert (found["staging_api"].base_url, found["staging_api"].extra) == (
        "http://127.0.0.1:4000",
        {"timeout": 5},
    )
    assert found["staging_api"].login is None
    assert found["prometheus_default"].base_url == "http://127.0.0.1:9090"
    assert found["bare"].conn_type == "generic"
    assert settings_section(file, "variables") == settings_section(file, "pools") == []


def test_a_connection_without_an_id_is_an_error(file):
    file.write_text("airflow: {connections: [{conn_host: h}]}")
    with pytest.raises(ConfigurationError, match=r"connections\[0\] has no conn_id"):
        read_settings_file(file)


@pytest.mark.parametrize(
    "text", ["[]", "- a", "airflow: [1]", "airflow: {connections: {a: 1}}", "airflow: {connections: [1]}"]
)
def test_a_settings_file_of_another_shape_is_an_error(file, text):
    file.write_text(text)
    if text == "[]":  # as good as empty
        assert read_settings_file(file) == {}
        return
    with pytest.raises(ConfigurationError, match=r"airflow\.connections is not a list of entries"):
        read_settings_file(file)


def test_broken_yaml_is_named_by_line_without_quoting_it(file):
    file.write_text("airflow:\n  connections: [{conn_password: hunter2: x}]")
    with pytest.raises(ConfigurationError, match=r"is no valid YAML \(line 2\)") as raised:
        read_settings_file(file)
    assert "hunter2" not in str(raised.value)


def test_files_that_cannot_be_read_are_errors(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_settings_file(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigurationError, match="is no valid YAML"):
        read_settings_file(tmp_path / "binary.yaml")


def test_environment_variables_win_over_the_file(file):
    environ = {"AIRFLOW_CONN_STAGING_API": "http://other:1", "AIRFLOW_CONN_BARE": "", "PATH": "/bin"}
    found = load_connections(environ, file)
    assert found["staging_api"].base_url == "http://other:1"
    assert found["bare"].host == "h"
    assert set(found) == {"staging_api", "prometheus_default", "bare"}


def test_the_processs_own_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_ONLY_HERE", "http://h")
    assert load_connections()["only_here"].host == "h"
