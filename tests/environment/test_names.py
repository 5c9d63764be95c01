from __future__ import annotations

import pytest

from staging_validation.environment import Reading
from staging_validation.environment.names import classify, hint_of_production


@pytest.mark.parametrize(
    "name", ["staging", "STAGING", " stage ", "stg", "dev", "development", "test", "testing", "ci"]
)
def test_known_environments_may_be_validated(name):
    assert classify(name) == (Reading.NON_PRODUCTION, "may be validated")


@pytest.mark.parametrize("name", ["production", "PROD", " prd", "live"])
def test_productions_names_mean_production(name):
    assert classify(name) == (Reading.PRODUCTION, "means production")


@pytest.mark.parametrize(
    "name", ["staging2", "st aging", "prod-eu", "qa", "st\u0430ging", "staging;", "none"]
)
def test_what_nobody_has_heard_of_counts_as_production(name):
    reading, why = classify(name)
    assert reading is Reading.PRODUCTION
    assert "unheard of" in why


@pytest.mark.parametrize("name", [None, "", "  "])
def test_nothing_declared_is_unknown(name):
    assert classify(name)[0] is Reading.UNKNOWN


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("billing_prod", "prod"),
        ("db1.PRD.example.com", "prd"),
        ("live-eu", "live"),
        ("prod2", "prod2"),
        ("production", "production"),
        ("products", None),
        ("olive", None),
        ("staging", None),
        ("", None),
        (None, None),
    ],
)
def test_a_word_in_a_name_may_mean_production(name, word):
    assert hint_of_production(name) == word
