"""Names of environments: an allow list, and production's synonyms."""

from __future__ import annotations

import re

from staging_validation.environment.evidence import Reading

RUNNABLE = frozenset({"staging", "stage", "stg", "dev", "development", "test", "testing", "ci"})
"""The environments that may be validated. Everything else is treated as production."""

PRODUCTION = frozenset({"production", "prod", "prd", "live"})
"""Names that are known to mean production; they only make the sentence more precise."""


def classify(name: str | None) -> tuple[Reading, str]:
    """Say what a declared environment name means.

    Args:
        name: The name as declared; blanks around it and its letter case do not matter. None or blank
            means that nothing was declared.

    Returns:
        The reading, and the reason in a few words that fit behind "… is 'name': ".
    """
    cleaned = (name or "").strip().casefold()
    if not cleaned:
        return Reading.UNKNOWN, "nothing is declared"
    if cleaned in RUNNABLE:
        return Reading.NON_PRODUCTION, "may be validated"
    if cleaned in PRODUCTION:
        return Reading.PRODUCTION, "means production"
    return (
        Reading.PRODUCTION,
        f"is unheard of, so it counts as production (known: {', '.join(sorted(RUNNABLE))})",
    )


def hint_of_production(name: str | None) -> str | None:
    """Return the word in a host's or database's name that means production, or None.

    Such names are conventions: they can only contradict, so the absence of a word proves nothing.

    Args:
        name: For example ``billing_prod`` or ``db1.prd.example.com``; digits at a word's end do not matter.
    """
    words = re.split(r"[^a-z0-9]+", (name or "").casefold())
    return next((word for word in words if word.rstrip("0123456789") in PRODUCTION), None)
