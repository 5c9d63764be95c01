"""The vocabulary everything shares: a check gives a result, a result has an outcome, a run has the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from staging_validation.results.outcomes import Outcome, worst
from staging_validation.results.redaction import redact

if TYPE_CHECKING:
    from staging_validation.results.model import CheckResult, Kind, RunResults, Severity

__all__ = ["CheckResult", "Kind", "Outcome", "RunResults", "Severity", "redact", "worst"]


def __getattr__(name: str) -> object:
    """Load the model with its first use: the errors need none of it, and pydantic takes a fifth of a second."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from staging_validation.results import model

    return getattr(model, name)
