"""``duplicate-ref-id``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_v2
from tests.lint.support import assert_clean, assert_fault, dashboard, panel

RULE = "duplicate-ref-id"


def test_a_letter_twice():
    finding = assert_fault(rule=RULE, panel=panel("up", {"refId": "A"}), at="/panels/0/targets/1/refId")
    assert (finding.severity, finding.ref_id) == (Severity.ERROR, "A")


@pytest.mark.parametrize("letter", ["", None])
def test_no_letter(letter):
    finding = assert_fault(rule=RULE, panel=panel({"refId": letter}), at="/panels/0/targets/0/refId")
    assert finding.severity is Severity.INFO


def test_in_version_2():
    written = to_v2(dashboard(panel("up", {"refId": "A"})))
    assert_fault(
        rule=RULE, dashboard=written, at="/spec/elements/panel-1/spec/data/spec/queries/1/spec/refId"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"panel": panel("up", "up")},
        {"panel": panel("up", {"refId": "a"})},
        {"panel": [panel("up"), panel("up")]},
        {"panel": panel()},
    ],
)
def test_clean(given):
    assert_clean(rule=RULE, **given)
