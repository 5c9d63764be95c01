"""The JSON schema of ``results.json``, for programs that read a run's results."""

from __future__ import annotations

import json

from staging_validation.results import RunResults

SCHEMA_FILE = "results.schema.json"
"""The file in this package that holds the schema; a test keeps it in step with the model."""


def results_schema() -> str:
    """Return the schema as it stands in :data:`SCHEMA_FILE`: JSON Schema 2020-12, indented."""
    schema = RunResults.model_json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"
