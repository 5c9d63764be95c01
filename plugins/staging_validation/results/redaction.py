"""Masks what must never be read: applied to every result and every error message.

The patterns follow the documented shapes of the secrets this package handles: Stripe's secret and
restricted keys and webhook signing secrets, the platform's API keys, and passwords inside URLs and
connection strings.
"""

from __future__ import annotations

import re
from typing import TypeVar

MASK = "***"

_SECRETS = (
    (re.compile(r"\b((?:sk|rk)_(?:test|live)_)[0-9A-Za-z]+"), rf"\1{MASK}"),
    (re.compile(r"\b(whsec_)[0-9A-Za-z+/=_-]+"), rf"\1{MASK}"),
    # A key is random: 43 characters without a capital, a digit or a dash are the name of a metric.
    (re.compile(r"\b(rsolv_)(?=[a-z_]*[0-9A-Z-])[0-9A-Za-z_-]{43}(?![0-9A-Za-z_-])"), rf"\1{MASK}"),
    # The scheme in front is left out: looking for its beginning takes quadratic time on long words.
    (re.compile(r"(://)[^/\s@]+@"), rf"\1{MASK}@"),
    (
        re.compile(r"(?i)(password|passwd|secret|token|api_key)([\"']?\s*[=:]\s*[\"']?)(?!\*)[^\s,;&'\"]+"),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"(?i)\b(bearer)\s+[0-9A-Za-z._~+/=-]{8,}"), rf"\1 {MASK}"),
    # What follows "basic" in a sentence is a word; a name and a password in base64 are not all small letters.
    (re.compile(r"\b((?i:basic))\s+(?=[a-z]*[^a-z\s])[0-9A-Za-z._~+/=-]{8,}"), rf"\1 {MASK}"),
)

_Value = TypeVar("_Value")


def redact(text: str) -> str:
    """Return the text with every secret of a known shape masked; idempotent."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def redact_value(value: _Value) -> _Value:
    """Return a JSON-like value (strings, numbers, lists, mappings) with every string in it masked."""
    if isinstance(value, str):
        return redact(value)  # type: ignore[return-value]
    if isinstance(value, dict):
        return {key: redact_value(item) for key, item in value.items()}  # type: ignore[return-value]
    if isinstance(value, (list, tuple)):
        return [redact_value(item) for item in value]  # type: ignore[return-value]
    return value
