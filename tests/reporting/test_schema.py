"""The shipped schema is the model's, and what is written validates against it."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from staging_validation.reporting import results_schema
from staging_validation.reporting.schema import SCHEMA_FILE


def _shipped() -> str:
    return files("staging_validation.reporting").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")


def test_shipped_schema_is_not_stale():
    assert _shipped() == results_schema(), (
        "regenerate it: python -c 'from staging_validation.reporting import results_schema; "
        f'print(results_schema(), end="")\' > plugins/staging_validation/reporting/{SCHEMA_FILE}'
    )


def test_a_run_validates(gather, every_status):
    schema = json.loads(_shipped())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(gather(every_status).model_dump_json()), schema)


def test_an_unknown_outcome_does_not(gather, every_status):
    run = json.loads(gather(every_status).model_dump_json())
    run["results"][0]["outcome"] = "fine"
    with pytest.raises(jsonschema.ValidationError, match="'fine' is not one of"):
        jsonschema.validate(run, json.loads(_shipped()))
