from __future__ import annotations

import pytest

from local_staging.service.rate_limit import RateLimiter
from local_staging.service.settings import ServiceSettings
from staging_validation.errors import ConfigurationError

ENVIRON = {
    "DATABASE_URL": "postgresql://user:secret@127.0.0.1/staging",
    "STRIPE_API_KEY": "sk_test_abc",
    "STRIPE_API_BASE": "http://127.0.0.1:1/",
    "STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old",
    "STRIPE_PRO_PRICE_ID": "price_pro",
}


class TestSettings:
    def test_defaults_are_the_contracts(self):
        settings = ServiceSettings.from_environ(ENVIRON)

        assert settings.webhook_secrets == ("whsec_new", "whsec_old")
        assert settings.stripe_api_base == "http://127.0.0.1:1"
        assert (settings.environment, settings.onboard_per_minute, settings.api_per_minute) == (
            "staging",
            10,
            500,
        )

    def test_may_be_changed(self):
        settings = ServiceSettings.from_environ(
            {**ENVIRON, "BILLING_ENVIRONMENT": "ci", "BILLING_ONBOARD_PER_MINUTE": "3"}
        )

        assert (settings.environment, settings.onboard_per_minute) == ("ci", 3)

    @pytest.mark.parametrize(
        ("value", "processes"), [("on", True), ("off", False), (" OFF ", False), ("", True)]
    )
    def test_say_whether_webhooks_are_processed(self, value, processes):
        settings = ServiceSettings.from_environ({**ENVIRON, "BILLING_PROCESS_WEBHOOKS": value})

        assert settings.process_webhooks is processes

    def test_show_no_secrets(self):
        shown = repr(ServiceSettings.from_environ(ENVIRON))

        assert not any(secret in shown for secret in ("sk_test_abc", "whsec_new", "user:secret"))

    @pytest.mark.parametrize("name", ["DATABASE_URL", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"])
    @pytest.mark.parametrize("value", [None, "", " , "])
    def test_missing_variable_is_named(self, name, value):
        environ = {key: text for key, text in ENVIRON.items() if key != name}

        with pytest.raises(ConfigurationError, match=name):
            ServiceSettings.from_environ(environ if value is None else {**environ, name: value})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("STRIPE_API_KEY", "sk_live_abc"),
            ("STRIPE_API_KEY", "pk_test_abc"),
            ("DATABASE_URL", "mysql://127.0.0.1/staging"),
            ("BILLING_API_PER_MINUTE", "0"),
            ("BILLING_API_PER_MINUTE", "many"),
            ("BILLING_PROCESS_WEBHOOKS", "sometimes"),
        ],
    )
    def test_wrong_value_is_refused(self, name, value):
        with pytest.raises(ConfigurationError, match=name):
            ServiceSettings.from_environ({**ENVIRON, name: value})


class TestRateLimiter:
    def test_counts_a_minute_from_the_first_request(self):
        now = [1000.5]
        limiter = RateLimiter(2, now=lambda: now[0])

        first, second, third = (limiter.take("a") for _ in range(3))
        now[0] = 1059.9
        fourth = limiter.take("a")
        now[0] = 1060.5
        fifth = limiter.take("a")

        assert [first.remaining, second.remaining] == [1, 0]
        assert (third.retry_after, third.reset) == (60, 1061)
        assert fourth.retry_after == 1
        assert (fifth.retry_after, fifth.remaining, fifth.reset) == (None, 1, 1121)

    def test_forgets_callers_whose_minute_is_over(self):
        now = [0.0]
        limiter = RateLimiter(1, now=lambda: now[0])
        limiter.take("a")
        now[0] = 100.0
        limiter.take("b")

        assert list(limiter._windows) == ["b"]

    def test_begins_anew_for_a_caller_it_has_not_forgotten_yet(self):
        now = [1000.0]
        limiter = RateLimiter(1, now=lambda: now[0])
        for now[0], caller in ((1000.0, "b"), (1030.0, "a"), (1065.0, "b")):
            limiter.take(caller)
        now[0] = 1095.0

        assert limiter.take("a").retry_after is None
