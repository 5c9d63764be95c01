"""Who asks: a test mode secret key, as a bearer token or as the user name of basic authentication."""

from __future__ import annotations

import base64
import binascii
import re

from local_staging.stripe_sandbox.errors import AuthenticationError

_TEST_KEY = re.compile(r"(?:sk|rk)_test_[A-Za-z0-9_]{1,255}")
_LIVE_KEY = re.compile(r"\s*\w{2}_live_")


def authenticate(header: str | None) -> str:
    """Return the API key in an ``Authorization`` header.

    Args:
        header: The header's value, None when it is missing.

    Returns:
        A key of test mode (``sk_test_…`` or ``rk_test_…``); any such key opens the one account there is.

    Raises:
        AuthenticationError: There is no key, it is malformed, or it belongs to live mode. The message never
            repeats what was sent.
    """
    key = _key_in(header or "")
    if not key:
        raise AuthenticationError(
            "You did not provide an API key. Provide it in the Authorization header, as 'Authorization: Bearer "
            "YOUR_SECRET_KEY' or as the user name of basic authentication."
        )
    if _LIVE_KEY.match(key):
        raise AuthenticationError(
            "A live mode API key was sent to the Stripe sandbox. It was neither used nor kept. Use a test mode "
            "key (sk_test_… or rk_test_…), and roll the live key if it should not have been on this machine."
        )
    if not _TEST_KEY.fullmatch(key):
        raise AuthenticationError(
            "Invalid API Key provided. The Stripe sandbox takes test mode secret keys: sk_test_… or rk_test_…."
        )
    return key


def _key_in(header: str) -> str:
    """Return the credential of a bearer or basic header, empty when there is none."""
    scheme, _, credential = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credential.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(credential.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded.partition(":")[0]
