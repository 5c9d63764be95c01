"""A dashboard needs a stable id that Grafana accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from staging_validation.dashboards.model import Dashboard, Envelope
from staging_validation.lint.context import Context
from staging_validation.lint.dashboard_facts import is_whole
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_LONGEST = 40
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]")


def _check(dashboard: Dashboard, _context: Context) -> Iterator[Fault]:
    if not is_whole(dashboard):
        return
    uid, pointer = dashboard.uid, dashboard.uid_pointer
    illegal = _ILLEGAL.search(uid)
    if not uid:
        # A bare dashboard of version 2 has its id in the wrapping that it lacks: file-channel says so.
        if dashboard.envelope is not Envelope.BARE_V2:
            yield Fault(
                "The dashboard has no uid: every import makes a new copy with a new address, so links to it break "
                "and old copies stay behind.",
                'give it a uid of its own, such as "uid": "billing-metrics"',
                pointer=pointer,
                severity=Severity.WARNING,
            )
    elif illegal:
        yield Fault(
            f"The uid {uid!r} holds {illegal[0]!r}, so Grafana refuses the dashboard: uid contains illegal characters.",
            "use letters, digits, - and _ only",
            pointer=pointer,
            evidence={"uid": uid},
        )
    elif len(uid) > _LONGEST:
        yield Fault(
            f"The uid {uid!r} has {len(uid)} characters, so Grafana refuses the dashboard: it takes at most "
            f"{_LONGEST}.",
            f"shorten it to {_LONGEST} characters",
            pointer=pointer,
            evidence={"uid": uid, "length": len(uid)},
        )


RULE = Rule(
    id="dashboard-uid",
    summary="A dashboard's uid is missing, or Grafana refuses it.",
    severity=Severity.ERROR,
    subject=Dashboard,
    check=_check,
    classes=("A5",),
)
