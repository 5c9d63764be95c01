"""Where the environment may be declared, by name."""

from __future__ import annotations

from collections.abc import Mapping

from staging_validation.environment.sources import (
    AIRFLOW_VARIABLE,
    DECLARING_VARIABLES,
    FURTHER_NAMES_VARIABLE,
)


def declared_names(environ: Mapping[str, str], variables: Mapping[str, str | None]) -> dict[str, str | None]:
    """Gather what every place says.

    Args:
        environ: The process environment.
        variables: Airflow variables by name; :data:`FURTHER_NAMES_VARIABLE` among them adds environment
            variables, because in other ecosystems the usual names say how something was built.

    Returns:
        What is declared, by where; None where nothing is.
    """
    further = [name.strip() for name in (variables.get(FURTHER_NAMES_VARIABLE) or "").split(",")]
    places = dict.fromkeys([*DECLARING_VARIABLES, *filter(None, further)])
    declared: dict[str, str | None] = {
        f"Airflow variable {AIRFLOW_VARIABLE}": variables.get(AIRFLOW_VARIABLE)
    }
    return declared | {name: environ.get(name) for name in places}
