"""The way every template is filled in: escaped, and with nothing left undefined."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def strict_environment(package: str) -> Environment:
    """Return an environment for the HTML templates of a package, in its folder ``templates``."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
