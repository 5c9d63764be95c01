"""A throw-away PostgreSQL server on the loopback interface."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local_staging.stack.ports import LOOPBACK, free_port
from local_staging.stack.postgres_binaries import find_postgres, may_enter, unprivileged_account
from local_staging.stack.processes import Child, Program
from local_staging.stack.supervisor import Supervisor

if TYPE_CHECKING:
    import psycopg

_SUPERUSER = "postgres"
_INITDB_SECONDS = 60.0
_START_SECONDS = 60.0

_SETTINGS = {
    # Nothing here outlives the stack, so nothing needs to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    # Shared memory as files among the data: a killed server leaves nothing behind in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresServer:
    """A PostgreSQL cluster of its own, with one ordinary role that owns its databases.

    Used as a context manager it starts the server, and at the end stops it and deletes its data.

    Args:
        data_dir: Where the data goes. As root, PostgreSQL runs as ``nobody``; where ``nobody`` may not reach that
            folder, a private one below the system's temporary folder is used (see :attr:`private_dir`).
        cache_dir: The project's cache of programs.
        port: The TCP port; a free one by default.
        databases: Databases to create at the first start.
        supervisor: Starts the processes; one of its own by default.
        name: The server's name in messages.
        on_private_dir: Told about :attr:`private_dir` as soon as there is one.

    Attributes:
        host: Its address.
        port: Its TCP port.
        user: The role's name: it may create databases and log in, and is no superuser.
        password: The role's password, random.
        private_dir: A folder outside ``data_dir`` that holds the data instead, or None.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        cache_dir: Path,
        port: int | None = None,
        databases: Sequence[str] = (),
        supervisor: Supervisor | None = None,
        name: str = "PostgreSQL",
        on_private_dir: Callable[[Path], None] | None = None,
    ) -> None:
        self.host = LOOPBACK
        self.port = port or free_port()
        self.user = "staging"
        self.password = secrets.token_urlsafe(24)
        self.private_dir: Path | None = None
        self._superuser_password = secrets.token_urlsafe(24)
        self._data_dir = data_dir.resolve()
        self._cache_dir = cache_dir
        self._databases = tuple(databases)
        self._supervisor = supervisor or Supervisor()
        self._name = name
        self._on_private_dir = on_private_dir or (lambda _folder: None)
        self._child: Child | None = None
        self._initialised = False

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self._data_dir.with_name(f"{self._data_dir.name}.log")

    def dsn(self, database: str) -> str:
        """Return the address of a database with the role's credentials, as a ``postgresql://`` URL."""
        return self._dsn(self.user, self.password, database)

    def start(self) -> PostgresServer:
        """Start the server; the first time, make the cluster, the role and the databases.

        Raises:
            ConfigurationError: There is no PostgreSQL on this system.
            ServiceUnreachableError: It does not start.
            DeadlineError: It does not get ready in time.
        """
        if self._child is not None:
            return self
        account = unprivileged_account()
        data = self._data_folder(shared=account is not None)
        binaries = find_postgres(self._cache_dir, data.parent, shared=account is not None)
        if not self._initialised:
            data.mkdir(parents=True, mode=0o700)
            if account is not None:
                os.chown(data, account.uid, account.gid)
            self._initialise(binaries, data)
        options = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        argv = (str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), *options)
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients (SIGTERM would).
        self._child = self._supervisor.start(self._program(argv, stop_signal=signal.SIGINT))
        self._child.wait_until(
            f"answer on {self.host}:{self.port}",
            self._answers,
            timeout_seconds=_START_SECONDS,
            interruption=self._supervisor.interruption,
        )
        if not self._initialised:
            self._create_role_and_databases()
            self._initialised = True
        return self

    def stop(self) -> None:
        """Stop the server and keep its data: :meth:`start` goes on with them, on the same port."""
        if self._child is not None:
            self._supervisor.stop(self._child)
            self._child = None

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        for folder in (self._data_dir, self.private_dir):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        self.private_dir = None
        self._initialised = False

    def drop(self, database: str) -> None:
        """Drop a database, if it is there, and end what uses it.

        Only the administrator may end the server's own vacuuming, which can be at work in any database.
        """
        from psycopg import sql

        with self._connect() as connection:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _dsn(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{quote(user)}:{quote(password)}@{self.host}:{self.port}/{quote(database)}"

    def _data_folder(self, *, shared: bool) -> Path:
        if not shared or may_enter(self._data_dir.parent):
            return self._data_dir
        if self.private_dir is None:
            self.private_dir = Path(tempfile.mkdtemp(prefix="staging-validation-"))
            self._on_private_dir(self.private_dir)
            self.private_dir.chmod(0o711)
        return self.private_dir / "data"

    def _program(self, argv: tuple[str, ...], *, stop_signal: signal.Signals = signal.SIGTERM) -> Program:
        env = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return Program(
            name=self._name,
            argv=argv,
            log=self.log,
            env=env,
            account=unprivileged_account(),
            stop_signal=stop_signal,
        )

    def _initialise(self, binaries: Path, data: Path) -> None:
        account = unprivileged_account()
        with ExitStack() as cleanup:
            password_file = Path(
                cleanup.enter_context(tempfile.NamedTemporaryFile("w", prefix="staging-validation-")).name
            )
            password_file.write_text(self._superuser_password)
            if account is not None:
                os.chown(password_file, account.uid, account.gid)
            argv = (
                str(binaries / "initdb"),
                *("-D", str(data), "-U", _SUPERUSER, "-A", "scram-sha-256", "--pwfile", str(password_file)),
                *("-E", "UTF8", "--no-sync", "--locale=C.UTF-8"),
            )
            self._supervisor.run(self._program(argv), timeout_seconds=_INITDB_SECONDS)

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        return psycopg.connect(
            self._dsn(_SUPERUSER, self._superuser_password, "postgres"), autocommit=True, connect_timeout=5
        )

    def _answers(self) -> bool | None:
        import psycopg

        try:
            self._connect().close()
        except psycopg.OperationalError:
            return None
        return True

    def _create_role_and_databases(self) -> None:
        from psycopg import sql

        role = sql.Identifier(self.user)
        with self._connect() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, sql.Literal(self.password))
            )
            for database in self._databases:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), role)
                )

    def __enter__(self) -> PostgresServer:
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
