"""The limit on requests a second: off by itself, and Stripe's where it is set."""

from __future__ import annotations

import pytest
import requests
import stripe

from local_staging.stripe_sandbox.app import Options, create_app
from local_staging.stripe_sandbox.errors import RateLimitError
from local_staging.stripe_sandbox.rate_limit import STRIPE_PER_SECOND, RateLimit

PRO = "price_local_pro"


def test_too_many_requests_are_answered_429(serve, connect):
    with serve(create_app(pro_price_id=PRO, options=Options(per_second=0.001))) as url:
        # A bucket of less than one request never lets any pass: what is refused does not depend on speed.
        with pytest.raises(stripe.RateLimitError, match="Request rate limit exceeded") as refused:
            connect(url).v1.balance.retrieve()
        assert (refused.value.http_status, refused.value.error.code) == (429, "rate_limit")
        assert refused.value.request_id.startswith("req_")
        assert requests.get(f"{url}/healthz", timeout=5).status_code == 200
        assert requests.get(f"{url}/v1/balance", timeout=5).status_code == 401


def test_without_a_limit_all_are_answered(api):
    for _ in range(3 * STRIPE_PER_SECOND):
        assert api.balance.retrieve().livemode is False


def passed(limit, *moments):
    """Return how many of the requests at some moments pass."""
    count = 0
    for moment in moments:
        try:
            limit.take(moment)
        except RateLimitError:
            continue
        count += 1
    return count


def test_so_many_at_once_and_so_many_a_second():
    limit = RateLimit(25)

    assert passed(limit, *[0.0] * 40) == 25
    assert passed(limit, *(step / 1000 for step in range(1, 2001))) == 50
    assert passed(limit, *[100.0] * 40) == 25
