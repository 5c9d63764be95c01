"""``unknown-label``."""

from __future__ import annotations

import pytest

from staging_validation.lint.finding import Severity
from staging_validation.lint.knowledge import from_exposition
from tests.lint.support import assert_clean, assert_fault

RULE = "unknown-label"
ACTIVE = "rsolv_billing_active_subscriptions"
PAYMENTS = "rsolv_billing_payment_processed_total"
DURATION = "rsolv_billing_payment_processed_duration_milliseconds"


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        (f'sum(rate({PAYMENTS}{{plan="pro"}}[5m]))', "plan"),
        (f'{ACTIVE}{{plaan=~"$plan"}}', "plaan"),
        (f'rate({PAYMENTS}{{status="failed", method!="card"}}[5m])', "method"),
        (f'{{__name__="{ACTIVE}", tier="1"}}', "tier"),
        (f'rate({DURATION}_sum{{le="100"}}[5m])', "le"),
    ],
)
def test_fault(expr, at):
    assert_fault(rule=RULE, expr=expr, at=at)


@pytest.mark.parametrize(
    "expr",
    [
        f'{ACTIVE}{{plan="pro"}}',
        f'{ACTIVE}{{job="a", instance=~".+", validation_run=""}}',
        f'rate({DURATION}_bucket{{le="100"}}[5m])',
        'rate(nobody_knows{tier="1"}[5m])',
        f'{ACTIVE}{{exported_job=""}}',
        f"{ACTIVE}{{$filter}}",
        'up{anything="1"}',
        f'{DURATION}{{tier="1"}}',
    ],
)
def test_clean(expr):
    assert_clean(rule=RULE, expr=expr)


def test_what_was_meant_is_named():
    finding = assert_fault(rule=RULE, expr='rsolv_billing_active_subscriptions{plaan="pro"}')
    assert finding.remedy == "write plan"
    assert finding.severity is Severity.ERROR


def test_a_matcher_that_lets_everything_pass_only_says_nothing():
    finding = assert_fault(rule=RULE, expr='rsolv_billing_active_subscriptions{tier!="1"}')
    assert finding.severity is Severity.WARNING


LEARNED = from_exposition("""\
# TYPE http_requests_total counter
http_requests_total{method="get",code="200"} 5
# TYPE queue_length gauge
queue_length{queue="mail"} 5
""")


@pytest.mark.parametrize("label", ["methode", "queue"])
def test_a_learned_metric_and_a_slip_or_the_label_of_another(label):
    assert_fault(rule=RULE, expr=f'rate(http_requests_total{{{label}="get"}}[5m])', at=label, known=LEARNED)


@pytest.mark.parametrize("label", ["namespace", "team", "method"])
def test_a_scrape_may_add_labels_to_a_learned_metric(label):
    assert_clean(rule=RULE, expr=f'rate(http_requests_total{{{label}="get"}}[5m])', known=LEARNED)
