"""Loopback proxies that disturb on purpose: in front of an HTTP service, and in front of PostgreSQL."""

from __future__ import annotations

import http.client
import re
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

_DROPPED = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
_RESET = struct.pack("ii", 1, 0)
_PATIENCE_SECONDS = 30.0


class How(Enum):
    """What happens to a request."""

    REFUSED = "the connection is reset before anything is passed on"
    SILENT = "it is not passed on, and never answered"
    LOST = "it is passed on, and the answer is lost"
    TORN = "it is passed on, and the answer is cut in its middle"
    LATE = "it is passed on, and the answer comes when the disturbance is over"
    RATE_LIMITED = 429
    BROKEN = 500


@dataclass
class Disturbance:
    """What happens to some requests.

    Attributes:
        how: What happens.
        method: The requests' method.
        path: A pattern of the requests' whole path.
        first: The first of these requests that it happens to, from 1.
        times: How often it happens.
        met: How many of these requests came.
        done: How many were disturbed.
    """

    how: How
    method: str = ".*"
    path: str = ".*"
    first: int = 1
    times: int = 1_000_000
    met: int = 0
    done: int = 0

    def takes(self, method: str, path: str) -> bool:
        """Say whether it happens to this request."""
        if not re.fullmatch(self.method, method) or not re.fullmatch(self.path, path):
            return False
        self.met += 1
        taken = self.first <= self.met < self.first + self.times
        self.done += taken
        return taken


@dataclass
class Disturbing:
    """A running proxy.

    Attributes:
        port: Where it listens.
        upstream: What it stands in front of.
        seen: Method and path of every request; PostgreSQL's are ``SQL`` and nothing.
    """

    port: int
    upstream: int
    seen: list[tuple[str, str]] = field(default_factory=list)
    _active: list[Disturbance] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _quiet: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address of an HTTP service's proxy."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def disturbed(self, how: How, **requests: Any) -> Iterator[Disturbance]:
        """Disturb within the block; see :class:`Disturbance` for which requests."""
        disturbance = Disturbance(how, **requests)
        with self._lock:
            self._active.append(disturbance)
            self._quiet = threading.Event()
        try:
            yield disturbance
        finally:
            with self._lock:
                self._active.remove(disturbance)
                self._quiet.set()

    def of(self, method: str, path: str) -> How | None:
        """Return what happens to a request."""
        with self._lock:
            self.seen.append((method, path))
            return next((one.how for one in self._active if one.takes(method, path)), None)

    def stay_silent(self) -> None:
        """Return when the disturbance is over."""
        self._quiet.wait(_PATIENCE_SECONDS)


@contextmanager
def http_proxy(upstream: int) -> Iterator[Disturbing]:
    """Stand in front of an HTTP service on a loopback port."""
    with _serving(_HttpServer(("127.0.0.1", 0), _HttpHandler), upstream) as proxy:
        yield proxy


@contextmanager
def postgres_proxy(upstream: int) -> Iterator[Disturbing]:
    """Stand in front of PostgreSQL on a loopback port; every round trip of a statement is a request ``SQL``."""
    with _serving(_TcpServer(("127.0.0.1", 0), _PostgresHandler), upstream) as proxy:
        yield proxy


@contextmanager
def _serving(server: Any, upstream: int) -> Iterator[Disturbing]:
    server.daemon_threads = True
    server.block_on_close = False
    server.proxy = Disturbing(server.server_address[1], upstream)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="proxy", daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Quiet:
    """Those whom a proxy cuts off do the same to it, and that is nothing to tell."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a lost connection."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[misc]


class _HttpServer(_Quiet, ThreadingHTTPServer):
    pass


class _TcpServer(_Quiet, ThreadingTCPServer):
    allow_reuse_address = True


class _HttpHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _handle(self) -> None:
        proxy: Disturbing = self.server.proxy  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        how = proxy.of(self.command, self.path.partition("?")[0])
        if how is How.SILENT:
            proxy.stay_silent()
        if how in (How.REFUSED, How.SILENT):
            self._reset()
        elif how in (How.RATE_LIMITED, How.BROKEN):
            self._send(how.value, "application/json", b'{"error": {"message": "disturbed"}}')
        else:
            self._pass_on(proxy, how, body)

    do_GET = do_POST = do_DELETE = do_PUT = _handle  # noqa: N815 - the base class's names

    def _pass_on(self, proxy: Disturbing, how: How | None, body: bytes) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", proxy.upstream, timeout=_PATIENCE_SECONDS)
        kept = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
        try:
            upstream.request(self.command, self.path, body or None, kept)
            answer = upstream.getresponse()
            content = answer.read()
        except OSError:
            self._reset()
            return
        finally:
            upstream.close()
        if how is How.LOST:
            self._reset()
            return
        if how is How.LATE:
            proxy.stay_silent()
        half = len(content) // 2 if how is How.TORN else None
        others = {
            name: value
            for name, value in answer.getheaders()
            if name.lower() not in _DROPPED | {"content-type", "date", "server"}
        }
        self._send(answer.status, answer.getheader("Content-Type", ""), content, half, **others)

    def _send(self, status: int, kind: str, content: bytes, half: int | None = None, **others: str) -> None:
        self.send_response(status)
        for name, value in {**others, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[:half])
        if half is not None:
            self.wfile.flush()
            self._reset()

    def _reset(self) -> None:
        self.close_connection = True
        _reset(self.connection)


class _PostgresHandler(BaseRequestHandler):
    """Passes PostgreSQL's messages on, and looks for those that end a request (its documentation, message formats)."""

    _ENDS = frozenset({b"Q", b"S"})

    def handle(self) -> None:
        proxy: Disturbing = self.server.proxy  # type: ignore[attr-defined]
        if proxy.of("CONNECT", "") in (How.REFUSED, How.SILENT):
            _reset(self.request)
            return
        with socket.create_connection(("127.0.0.1", proxy.upstream)) as server:
            self.dropping = self.started = self.late = False
            back = threading.Thread(target=self._pass_back, args=(proxy, server), daemon=True)
            back.start()
            with suppress(OSError):
                self._pass_on(proxy, server)
            # Both sides are told; a socket is closed only when nobody reads from it any more.
            _end(server)
            back.join()
        _reset(self.request)

    def _pass_on(self, proxy: Disturbing, server: socket.socket) -> None:
        while chunk := self.request.recv(65536):
            how = proxy.of("SQL", "") if self._asks(chunk) else None
            if how is How.SILENT:
                proxy.stay_silent()
            if how in (How.REFUSED, How.SILENT):
                return
            self.dropping, self.late = how is How.LOST, how is How.LATE
            server.sendall(chunk)

    def _pass_back(self, proxy: Disturbing, server: socket.socket) -> None:
        with suppress(OSError):
            while (chunk := server.recv(65536)) and not self.dropping:
                if self.late:
                    proxy.stay_silent()
                self.request.sendall(chunk)
        _end(self.request)

    def _asks(self, chunk: bytes) -> bool:
        """Say whether a chunk ends a request: the messages before the first of these begin without a letter."""
        self.started = self.started or chunk[:1] == b"p"  # the password: the messages of the session follow
        while self.started and len(chunk) >= 5:
            if chunk[:1] in self._ENDS:
                return True
            chunk = chunk[1 + struct.unpack("!I", chunk[1:5])[0] :]
        return False


def _end(connection: socket.socket) -> None:
    """Wake whoever waits for a connection, here and on its other side."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _reset(connection: socket.socket) -> None:
    """End a connection at once, as a machine that is gone would."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    _end(connection)
    with suppress(OSError):
        connection.close()
