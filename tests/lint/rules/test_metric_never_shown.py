"""``metric-never-shown``."""

from __future__ import annotations

import pytest

from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, catalogue, dashboard, findings, panel, rule_file

RULE = "metric-never-shown"
EVERY = tuple(
    dict.fromkeys(metric.series_names()[-1] for metric in catalogue().values())
)  # one series of every metric


def never_shown(names, **more):
    found = findings(rule=RULE, files={"shop.json": dashboard(*(panel(name) for name in names)), **more})
    assert all(finding.file == "shop.json" for finding in found)
    return {finding.evidence["event"] for finding in found}


def without(word):
    return [name for name in EVERY if word not in name]


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("invoice_failed", "invoice_failed"),
        ("credits_consumed", "credits_consumed"),
        ("active_subscriptions", "rsolv_billing_active_subscriptions"),
    ],
)
def test_an_event_that_no_panel_shows(word, event):
    assert never_shown(without(word)) == {event}


def test_one_metric_of_the_event_is_enough():
    assert never_shown(without("usage_tracked_quantity")) == set()
    assert never_shown(EVERY) == set()


def test_an_alert_watches_it_too():
    alert = rule_file("alert", "increase(rsolv_billing_invoice_failed_total[1h]) > 5")
    assert never_shown(without("invoice_failed"), **{"a.yaml": alert}) == set()


def test_so_does_an_alert_on_what_a_rule_records_of_it():
    record = rule_file("record", "increase(rsolv_billing_invoice_failed_total[1h])")
    assert never_shown(without("invoice_failed"), **{"a.yaml": record}) == {"invoice_failed"}
    alert = rule_file("alert", "shop:sales:rate5m > 5")
    assert never_shown(without("invoice_failed"), **{"a.yaml": record, "b.yaml": alert}) == set()


def test_it_is_silent_where_nobody_can_know():
    assert_clean(rule=RULE, expr="rsolv_billing_active_subscriptions")  # a dashboard about something else
    assert_clean(rule=RULE, alert="up == 0")
    assert never_shown([*without("invoice_failed"), '{__name__=~"rsolv_.+"}']) == set()
    learned = from_exposition(
        "# TYPE sold_total counter\nsold_total 1\n# TYPE lost_total counter\nlost_total 1\n"
    )
    assert_clean(rule=RULE, expr="rate(sold_total[5m])", known=learned)
