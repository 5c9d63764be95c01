"""API keys and row ids."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid

_PREFIX = "rsolv_"
_RANDOM_BYTES = 32  # 43 characters in URL-safe base64


def new_api_key() -> str:
    """Make an API key: ``rsolv_`` and 43 URL-safe characters (platform contract). It is shown once."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def hash_api_key(api_key: str) -> str:
    """Return what is stored of an API key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def new_row_id() -> uuid.UUID:
    """Make a row id that is larger than every one made before it in this process.

    Timestamps have whole seconds, so the id is what keeps rows of one second in their order. The layout is
    version 7 of RFC 9562 with a sub-millisecond fraction (its method 3).
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)
