"""A dashboard needs a title: Grafana refuses to save or provision one without."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Envelope
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_LONGEST = 5000


def _check(dashboard: Dashboard, _context: Context) -> Iterator[Fault]:
    if dashboard.envelope is Envelope.LIBRARY_PANEL:
        return
    pointer = f"{dashboard.body}/title"
    if not dashboard.title.strip():
        yield Fault(
            "The dashboard has no title, so Grafana refuses to provision it.",
            'give it a title: "title": "Billing"',
            pointer=pointer,
        )
    elif len(dashboard.title) > _LONGEST:
        yield Fault(
            f"The dashboard's title has {len(dashboard.title)} characters; Grafana takes at most {_LONGEST}.",
            "shorten it, and keep the text in the description",
            pointer=pointer,
            evidence={"length": len(dashboard.title)},
        )


RULE = Rule(
    id="dashboard-without-title",
    summary="A dashboard has no title, or one that is too long for Grafana.",
    severity=Severity.ERROR,
    subject=Dashboard,
    check=_check,
    classes=("A4",),
)
