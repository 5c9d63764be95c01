from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_validation.results import redact
from staging_validation.results.redaction import redact_value

KEY = "rsolv_" + "aB3-_" * 8 + "xyz"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("key sk_test_51Habc used", "key sk_test_*** used"),
        ("rk_live_abc123", "rk_live_***"),
        ("whsec_abc+/=", "whsec_***"),
        (f"x-api-key: {KEY}.", "x-api-key: rsolv_***."),
        ("postgresql://me:secret@host/db", "postgresql://***@host/db"),
        ("password=hunter2 host=h", "password=*** host=h"),
        ("Password: hunter2", "Password: ***"),
        ("conn_password: hunter2", "conn_password: ***"),
        ('{"password": "hunter2", "x": 1}', '{"password": "***", "x": 1}'),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
        ("1https://me:secret@host", "1https://***@host"),
    ],
)
def test_secrets_of_known_shapes_are_masked(text, masked):
    assert redact(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "sk_test_",
        "rsolv_short",
        "rsolv_" + "billing_a_metric_whose_name_is_quite_long_x",
        "http://host/path",
        "the password",
        "sub_seed_abc",
        "the basic telemetry",
        "a" * 1_000_000,  # quadratic time would never end
    ],
    ids=lambda text: text[:20],
)
def test_other_text_stays(text):
    assert redact(text) == text


@given(st.text() | st.sampled_from(["sk_test_abc", "password=x", "a://b:c@d", f"bearer {KEY}"]))
def test_masking_twice_changes_nothing(text):
    assert redact(redact(text)) == redact(text)


def test_nested_values_are_masked_everywhere():
    value = {"a": ["sk_test_abc", 1, None], "b": {"c": ("whsec_x", True)}}
    assert redact_value(value) == {"a": ["sk_test_***", 1, None], "b": {"c": ["whsec_***", True]}}
