"""One piece of evidence: a source, what it says, and the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reading(str, Enum):
    """What a source says about the environment."""

    PRODUCTION = "production"
    """It is production, or a name that nobody has heard of, which counts as production."""
    NON_PRODUCTION = "non-production"
    """It is positively something else."""
    UNKNOWN = "unknown"
    """It was asked and does not tell."""
    UNREACHABLE = "unreachable"
    """It could not be asked."""


@dataclass(frozen=True)
class Evidence:
    """What one source says.

    Attributes:
        source: The source's stable name: ``declared.ENVIRONMENT``, ``marker``, ``stripe.key``, ….
        reading: What it says.
        because: One sentence that says why, without secrets.
        required: Whether the verdict needs this source to be positively non-production.
        remedy: What to do when it does not say what is needed.
    """

    source: str
    reading: Reading
    because: str
    required: bool = False
    remedy: str | None = None
