"""An HTTP service: one session, one timeout, bounded retries, errors that name the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
import tenacity

from staging_validation.clients.connections import ConnectionSettings
from staging_validation.errors import GuardRefusedError, ServiceAnswerError, ServiceUnreachableError

DEFAULT_TIMEOUT_SECONDS = 10.0
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_READING = frozenset({"GET", "HEAD"})
_PASSING = frozenset({502, 503, 504})


class _PassingFaultError(Exception):
    """A fault that may be over at the next try; never leaves this module."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class HttpService:
    """Requests to one HTTP service.

    Args:
        name: The service's name as people know it; every error starts with it.
        base_url: Its address, without a trailing slash.
        session: Carries authentication, TLS settings and default headers.
        timeout_seconds: For connecting and for each read.
        attempts: How often a repeatable request (GET, HEAD, PUT, DELETE, or a POST with an idempotency key) is
            tried when the connection fails or the answer is 502, 503 or 504.
        read_only: Refuse every request that could change something, before it is sent.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        session: requests.Session | None = None,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        attempts: int = 3,
        read_only: bool = False,
    ) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        self.session = session or requests.Session()
        self.timeout_seconds = timeout_seconds
        self.attempts = attempts
        self.read_only = read_only

    @classmethod
    def from_settings(cls, name: str, settings: ConnectionSettings) -> HttpService:
        """Build the client from a connection: basic auth from login and password, ``timeout``, ``verify`` and
        ``cert`` from the extra field.
        """  # noqa: D205 - one sentence
        session = requests.Session()
        if settings.login:
            session.auth = (settings.login, settings.secret or "")
        session.verify = settings.extra.get("verify", True)  # type: ignore[assignment]
        session.cert = settings.extra.get("cert")  # type: ignore[assignment]
        timeout = settings.extra.get("timeout", DEFAULT_TIMEOUT_SECONDS)
        return cls(name, settings.base_url, session=session, timeout_seconds=float(str(timeout)))

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: object | None = None,
        data: str | bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request and return the answer, whatever its status.

        Raises:
            GuardRefusedError: The client may only read, and the request could change something.
            ServiceUnreachableError: No connection, or no answer in time, at the last of the attempts.
        """
        if self.read_only and method.upper() not in _READING:
            raise GuardRefusedError(f"{self.name}: {method} {path} is refused, this client may only read.")
        repeatable = method.upper() in _REPEATABLE or "Idempotency-Key" in (headers or {})
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts if repeatable else 1),
            wait=tenacity.wait_exponential_jitter(multiplier=0.1, max=2.0, jitter=0.1),
            retry=tenacity.retry_if_exception_type(
                (requests.ConnectionError, requests.Timeout, _PassingFaultError)
            ),
            reraise=True,
        )

        def send() -> requests.Response:
            response = self.session.request(
                method,
                f"{self.base_url}{path}",
                params=params,
                json=json,
                data=data,
                headers=dict(headers or {}),
                timeout=self.timeout_seconds,
                # Named at every request: otherwise REQUESTS_CA_BUNDLE in the environment wins over the connection.
                verify=self.session.verify,
            )
            if repeatable and response.status_code in _PASSING:
                raise _PassingFaultError(response)
            return response

        try:
            return retrying(send)
        except _PassingFaultError as fault:
            return fault.response
        except requests.RequestException as error:
            raise self._unreachable(method, path, error) from error

    def json(
        self,
        method: str,
        path: str,
        *,
        expect: tuple[int, ...] = (200,),
        **request: Any,
    ) -> Any:
        """Send a request and return the JSON of its answer.

        Args:
            method: HTTP method.
            path: Path below the base URL, with its leading slash.
            expect: The statuses that are no error.
            request: See :meth:`request`.

        Raises:
            ServiceUnreachableError: See :meth:`request`.
            ServiceAnswerError: Another status, or a body that is no JSON.
        """
        response = self.request(method, path, **request)
        if response.status_code not in expect:
            raise self.unexpected(method, path, response)
        try:
            return response.json()
        except requests.JSONDecodeError as error:
            raise ServiceAnswerError(
                self.name,
                f"{method} {self.base_url}{path} answered {response.status_code} with a body that is no JSON: "
                f"{response.text[:200]!r}.",
                status=response.status_code,
            ) from error

    def unexpected(self, method: str, path: str, response: requests.Response) -> ServiceAnswerError:
        """Build the error for an answer whose status was not expected, with the service's own reason."""
        reason = " ".join(response.text.split())[:300] or response.reason
        return ServiceAnswerError(
            self.name,
            f"{method} {self.base_url}{path} answered {response.status_code}: {reason}",
            status=response.status_code,
            remedy=f"check login and password in the connection of {self.name}"
            if response.status_code == requests.codes.unauthorized
            else None,
        )

    def _unreachable(
        self, method: str, path: str, error: requests.RequestException
    ) -> ServiceUnreachableError:
        if isinstance(error, requests.exceptions.SSLError):
            return ServiceUnreachableError(
                self.name,
                f"{method} {self.base_url}{path} cannot be trusted ({_root(error)}).",
                remedy="name the CA file that signed its certificate as verify in the extra field of its connection",
            )
        cause = (
            "gave no answer in time"
            if isinstance(error, requests.Timeout)
            else f"cannot be reached ({_root(error)})"
        )
        return ServiceUnreachableError(
            self.name,
            f"{method} {self.base_url}{path} {cause}.",
            remedy=f"check that {self.name} runs and that its connection names the right address",
        )


def _root(error: BaseException) -> str:
    """Return the innermost cause of an error, without object addresses."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}: {error}"
