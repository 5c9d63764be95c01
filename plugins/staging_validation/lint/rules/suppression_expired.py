"""A suppression ends on its day: then what it accepted is reported again, and somebody has to decide."""

from __future__ import annotations

from collections.abc import Iterator

from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule
from staging_validation.lint.suppressions import SuppressionUse


def _check(use: SuppressionUse, _context: Context) -> Iterator[Fault]:
    if not use.expired:
        return
    suppression = use.suppression
    again = (
        f"its findings ({use.findings}) are reported again" if use.findings else "nothing needs it any more"
    )
    yield Fault(
        f"The suppression of {suppression.rule} in {suppression.files} ended on {suppression.expires}: {again}.",
        "repair what it accepted, or decide anew and give it a later day" if use.findings else "remove it",
        pointer=suppression.pointer,
        line=suppression.line,
        file=suppression.file,
        evidence={
            "suppressed_rule": suppression.rule,
            "reason": suppression.reason,
            "expires": suppression.expires.isoformat(),
        },
    )


RULE = Rule(
    id="suppression-expired",
    summary="A suppression's last day is over.",
    severity=Severity.WARNING,
    subject=SuppressionUse,
    check=_check,
    classes=(),
)
