"""The metric that stands for the revenue panel is the one that the shipped panel shows."""

from __future__ import annotations

import json

from staging_validation.money.books import INVOICE_METRIC, PAYMENT_METRIC
from staging_validation.project import include_dir


def test_the_revenue_panel_shows_the_sum_of_paid_invoices():
    dashboard = json.loads(include_dir("dashboards", "billing-metrics.json").read_text())
    (panel,) = [panel for panel in dashboard["panels"] if panel["title"] == "Revenue by Plan"]
    (target,) = panel["targets"]
    assert f"{INVOICE_METRIC}_sum{{" in target["expr"]


def test_both_metrics_are_in_the_catalogue():
    catalogue = include_dir("telemetry", "billing.yaml").read_text()
    assert {INVOICE_METRIC, PAYMENT_METRIC} <= set(catalogue.replace(":", " ").split())
