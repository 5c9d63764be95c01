from __future__ import annotations

from staging_validation.environment import declared_names

VARIABLE = "Airflow variable staging_validation_environment"


def test_all_places_are_looked_at():
    found = declared_names({"ENVIRONMENT": "staging", "HOME": "/x"}, {"staging_validation_environment": "ci"})
    assert found == {
        VARIABLE: "ci",
        "STAGING_VALIDATION_ENV": None,
        "ENVIRONMENT": "staging",
        "MIX_ENV": None,
        "RELEASE_ENV": None,
    }


def test_further_names_are_configuration():
    found = declared_names(
        {"RAILS_ENV": "production"}, {"staging_validation_declared_by": " RAILS_ENV ,, ENVIRONMENT"}
    )
    assert found["RAILS_ENV"] == "production"
    assert list(found).count("ENVIRONMENT") == 1
