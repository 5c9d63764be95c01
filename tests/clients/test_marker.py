from __future__ import annotations

from datetime import datetime, timedelta, timezone

from staging_validation.clients.marker import identify, mark, read_marker


def test_an_unmarked_database_has_no_marker(connection):
    assert read_marker(connection) is None


def test_an_emptied_marker_table_is_no_marker(connection):
    mark(connection, environment="staging", marked_by="alice", reason="ours")
    connection.execute("DELETE FROM staging_validation.marker")
    assert read_marker(connection) is None


def test_a_marker_is_read_as_it_was_written(connection):
    mark(connection, environment="staging", marked_by="alice", reason="it's ours")
    marker = read_marker(connection)
    assert (marker.environment, marker.marked_by, marker.reason) == ("staging", "alice", "it's ours")
    assert marker.system_identifier == identify(connection).system_identifier
    assert abs(marker.marked_at - datetime.now(timezone.utc)) < timedelta(minutes=5)


def test_marking_again_replaces_the_marker(connection):
    mark(connection, environment="staging", marked_by="alice", reason="ours")
    mark(connection, environment="production", marked_by="bob", reason="restored from a dump")
    assert (read_marker(connection).environment, read_marker(connection).marked_by) == ("production", "bob")
    assert connection.execute("SELECT count(*) FROM staging_validation.marker").fetchone() == (1,)
    kept = connection.execute("SELECT environment, marked_by, reason FROM staging_validation.marker_history")
    assert kept.fetchall() == [("staging", "alice", "ours")]


def test_two_markers_prove_nothing(connection):
    mark(connection, environment="staging", marked_by="alice", reason="ours")
    connection.execute("ALTER TABLE staging_validation.marker DROP CONSTRAINT marker_pkey")
    connection.execute("INSERT INTO staging_validation.marker SELECT * FROM staging_validation.marker")
    assert read_marker(connection) is None


def test_the_server_says_who_it_is(connection, postgres_server):
    identity = identify(connection)
    assert identity.database == connection.info.dbname
    assert identity.server == f"127.0.0.1:{postgres_server.port}"
    assert identity.system_identifier.isdigit()
    assert not identity.is_replica
    assert identity.host == "127.0.0.1"
