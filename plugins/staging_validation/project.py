"""Where the project's own folders are, and the settings that are read from the process environment.

Only the outer layers (operators, DAGs, the command line) ask here; the domain is handed values.
"""

from __future__ import annotations

import os
from pathlib import Path

from staging_validation.errors import ConfigurationError

HOME_VARIABLE = "STAGING_VALIDATION_HOME"
"""Environment variable that names the project's folder when the package is not run from a checkout."""


def project_root() -> Path:
    """Return the folder that holds ``dags/``, ``plugins/`` and ``include/``.

    Returns:
        ``$STAGING_VALIDATION_HOME`` when it is set, else the checkout this file is part of.

    Raises:
        ConfigurationError: There is no ``include/`` folder there.
    """
    configured = os.environ.get(HOME_VARIABLE)
    root = Path(configured).resolve() if configured else Path(__file__).resolve().parents[2]
    if not (root / "include").is_dir():
        raise ConfigurationError(
            f"{root} holds no include/ folder, so there are no fixtures, dashboards or workflows to use.",
            remedy=f"set {HOME_VARIABLE} to the project's folder",
        )
    return root


def include_dir(*parts: str) -> Path:
    """Return a folder or file below ``include/``, for example ``include_dir("fixtures", "customers")``."""
    return project_root().joinpath("include", *parts)
