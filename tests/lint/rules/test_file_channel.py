"""``file-channel``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from tests.dashboards.formats import to_bare_v2, to_v1, to_v2, to_wrapped
from tests.lint.support import assert_clean, dashboard, findings, panel

RULE = "file-channel"

SHOP = dashboard(panel("up"))


@pytest.mark.parametrize(
    ("path", "form", "target", "at", "severity"),
    [
        ("provisioning/dashboards/shop.json", to_wrapped, (13, 0), "/dashboard", Severity.ERROR),
        ("shop.json", to_wrapped, (13, 0), "/dashboard", Severity.INFO),
        ("provisioning/shop.json", to_bare_v2, (13, 0), "", Severity.ERROR),
        ("shop.json", to_bare_v2, (13, 0), "", Severity.WARNING),
        ("shop.json", to_v1, (11, 6), "/apiVersion", Severity.ERROR),
        ("shop.json", to_v2, (12, 4), "/apiVersion", Severity.ERROR),
        ("grafana/provisioning/shop.json", to_v1, (12, 4), "/apiVersion", Severity.ERROR),
    ],
)
def test_a_shape_that_the_way_does_not_take(path, form, target, at, severity):
    [finding] = findings(rule=RULE, files={path: form(SHOP)}, target_grafana=target)
    assert (finding.pointer, finding.severity) == (at, severity)


@pytest.mark.parametrize(
    ("path", "form", "target"),
    [
        ("provisioning/shop.json", dict, (11, 0)),
        ("provisioning/shop.json", to_v2, (13, 0)),
        ("shop.json", to_v1, (12, 0)),
    ],
)
def test_clean(path, form, target):
    assert_clean(rule=RULE, files={path: form(SHOP)}, target_grafana=target)
