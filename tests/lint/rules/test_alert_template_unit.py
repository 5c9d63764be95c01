"""``alert-template-unit``."""

from __future__ import annotations

import pytest

from tests.lint.support import assert_clean, assert_fault, check

RULE = "alert-template-unit"
BUCKETS = "rsolv_billing_payment_processed_duration_milliseconds_bucket"
MILLISECONDS = f"histogram_quantile(0.95, sum by (le) (rate({BUCKETS}[5m])))"
RATIO = (
    'sum(rate(rsolv_billing_payment_processed_total{status="failed"}[5m]))'
    " / (sum(rate(rsolv_billing_payment_processed_total[5m])) > 0)"
)
CENTS = "sum(increase(rsolv_billing_invoice_paid_amount_cents_sum[1h]))"


@pytest.mark.parametrize(
    ("expr", "text", "said"),
    [
        (f"{MILLISECONDS} > 1000", "{{ $value | humanizeDuration }}", "1000 times"),
        (f"100 * {RATIO} > 10", "{{ $value | humanizePercentage }}", "100 times"),
        (f"{MILLISECONDS} > 1000", "{{ humanizePercentage $value }}", "parts of one"),
        (f"{MILLISECONDS} / 1000 > 1", "{{ $value | humanizeTimestamp }}", "since 1970"),
        (f"{RATIO} > 0.1", "{{ $value }}% of the payments fail", "says %"),
        (f"{RATIO} > 0.1", '{{ $value | printf "%.2f" }} % fail', "says %"),
        (f"{RATIO} > 0.1", '{{ printf "%.2f%%" $value }} fail', "says %"),
        (f"{MILLISECONDS} > 1000", "{{ $value | humanize }}s", "says s"),
        (f"{MILLISECONDS} / 1000 > 1", '{{ printf "%.0f" $value }} ms', "says ms"),
        (f"{CENTS} < 100", "Only ${{ $value }} came in", "says $"),
    ],
)
def test_a_value_in_another_unit(expr, text, said):
    finding = assert_fault(
        rule=RULE,
        alert={"expr": expr, "annotations": {"summary": text}},
        at="/groups/0/rules/0/annotations/summary",
    )
    assert said in finding.message
    assert finding.evidence["at"] == "$value"


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (f"{MILLISECONDS} / 1000 > 1", "{{ $value | humanizeDuration }}"),
        (f"{RATIO} > 0.1", "{{ $value | humanizePercentage }}"),
        (f"100 * {RATIO} > 10", '{{ $value | printf "%.0f" }} %'),
        (f"{MILLISECONDS} > 1000", '{{ $value | printf "%.0f" }} ms'),
        (f"{MILLISECONDS} > 1000", "{{ $value }} slow payments"),
        (f"{CENTS} / 100 < 100", "${{ $value }}"),
        (f"{RATIO} > 0.1", "{{ if gt $value 0.5 }}%{{ end }}"),
        ("unknown_metric > 10", "{{ $value | humanizeDuration }} and {{ $value }}%"),
        (f"{RATIO} >", "{{ $value }}%"),
    ],
)
def test_clean(expr, text):
    assert_clean(rule=RULE, alert={"expr": expr, "annotations": {"summary": text}})


def test_without_a_catalogue_it_is_skipped_and_counted():
    result = check(rule=RULE, alert="up == 0", known=None)
    assert [(skipped.what, skipped.count) for skipped in result.skipped] == [(RULE, 1)]
