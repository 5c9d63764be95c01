"""The one exception tree of the package.

::

    StagingValidationError            base: a sentence that names place and cause, and a remedy
    ├── ConfigurationError            a file, a connection or a parameter is wrong          -> errored
    │   ├── FixtureError              a customer state cannot be used                       -> errored
    │   └── CatalogueError            the metric catalogue cannot be used                   -> errored
    ├── ServiceError                  a service could not be asked                          -> errored
    │   ├── ServiceUnreachableError   no connection, no answer in time
    │   └── ServiceAnswerError        it answered, but not what its protocol promises
    ├── DeadlineError                 a state that was waited for did not come in time      -> failed
    ├── CheckFailedError              a check was made and what it found is wrong           -> failed
    └── GuardRefusedError             this environment may not be touched                   -> refused

:attr:`StagingValidationError.outcome` says what a run makes of each of them, so that the colour of a
task, the report and the exit status never disagree.
"""

from __future__ import annotations

from typing import ClassVar

from staging_validation.results.outcomes import Outcome
from staging_validation.results.redaction import redact


class StagingValidationError(Exception):
    """Base of everything this package raises on purpose.

    Args:
        message: One sentence naming the place and the cause. Secrets in it are masked.
        remedy: What the reader can do about it.
    """

    outcome: ClassVar[Outcome] = Outcome.ERRORED

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        self.message = redact(message)
        self.remedy = redact(remedy) if remedy else None
        super().__init__(self.message)

    def __str__(self) -> str:
        """The message, followed by the remedy when there is one."""
        return f"{self.message} Remedy: {self.remedy}" if self.remedy else self.message


class ConfigurationError(StagingValidationError):
    """A file, a connection or a parameter that people wrote is wrong."""


class FixtureError(ConfigurationError):
    """A customer state in ``include/fixtures/customers/`` cannot be used."""


class CatalogueError(ConfigurationError):
    """The metric catalogue in ``include/telemetry/`` cannot be used."""


class ServiceError(StagingValidationError):
    """A service could not be asked, so nothing can be said about what it holds.

    Args:
        service: The service's name as people know it, for example ``Prometheus``.
        message: See :class:`StagingValidationError`; the service's name is put before it.
        remedy: See :class:`StagingValidationError`.
    """

    def __init__(self, service: str, message: str, *, remedy: str | None = None) -> None:
        self.service = service
        super().__init__(f"{service}: {message}", remedy=remedy)


class ServiceUnreachableError(ServiceError):
    """No connection could be made, or no answer came in time."""


class ServiceAnswerError(ServiceError):
    """The service answered, but not what its protocol promises.

    Args:
        service: See :class:`ServiceError`.
        message: See :class:`ServiceError`.
        status: The HTTP status of the answer, where there is one.
        remedy: See :class:`ServiceError`.
    """

    def __init__(
        self, service: str, message: str, *, status: int | None = None, remedy: str | None = None
    ) -> None:
        self.status = status
        super().__init__(service, message, remedy=remedy)


class DeadlineError(StagingValidationError):
    """A state that was waited for did not come within its deadline."""

    outcome: ClassVar[Outcome] = Outcome.FAILED


class CheckFailedError(StagingValidationError):
    """A check was made, and what it found is wrong."""

    outcome: ClassVar[Outcome] = Outcome.FAILED


class GuardRefusedError(StagingValidationError):
    """This environment may not be touched: it is, or cannot be shown not to be, production."""

    outcome: ClassVar[Outcome] = Outcome.REFUSED
