"""A message as the HTML part of an e-mail: no script, no image, nothing from elsewhere, styles on the elements."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment

from staging_validation.notifications import wording

if TYPE_CHECKING:
    from staging_validation.notifications.message import Message
from staging_validation.reporting.templating import strict_environment

_COLOURS = {"passed": "#1a7f37", "failed": "#b3261e", "errored": "#8a5a00", "refused": "#8b2fa0"}


def render_html(message: Message) -> str:
    """Render a message as a whole HTML page."""
    outcome = message.outcome.value if message.outcome else "errored"
    return (
        _environment()
        .get_template("message.html.j2")
        .render(
            message=message,
            headline=wording.headline(message),
            lead=wording.lead(message),
            times=wording.times(message),
            further=wording.further(message),
            colour=_COLOURS.get(outcome, _COLOURS["errored"]),
        )
    )


def _is_address(link: str) -> bool:
    """Tell whether a link can be followed; a path on some machine, and anything else, is only shown."""
    return link.startswith(("http://", "https://"))


@cache
def _environment() -> Environment:
    environment = strict_environment("staging_validation.notifications")
    environment.filters.update(counted=wording.counted, facts=wording.facts)
    environment.tests.update(address=_is_address)
    environment.globals.update(colours=_COLOURS, symbols={o.value: s for o, s in wording.SYMBOLS.items()})
    return environment
