"""Dashboards as people write them, many, all different and well made, for the measurement of ``lint``."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_LABELS = ("plan", "status", "reason", "payment_method", "resource_type", "failure_code", "customer_id")
_COUNTERS = {
    "subscription_created": ("plan", "status"),
    "subscription_renewed": ("plan", "status"),
    "subscription_cancelled": ("plan", "reason"),
    "payment_processed": ("status", "payment_method"),
    "invoice_paid": ("plan",),
    "invoice_failed": ("failure_code",),
    "usage_tracked": ("plan", "resource_type"),
    "credits_added": ("reason",),
}
_DURATIONS = {"payment_processed": "payment_method", "subscription_created": "plan"}


@dataclass(frozen=True)
class _Form:
    """How a panel asks.

    Attributes:
        panel: The panel's type.
        unit: Its unit.
        expr: Its query.
        legend: How its series are named.
        instant: Whether it asks at one time.
    """

    panel: str
    unit: str
    expr: str
    legend: str
    instant: bool = False


_SELECTED = 'rsolv_billing_{counter}_total{{{label}=~"${label}", customer_id=~"$customer_id"}}'
_DURATION = "rsolv_billing_{timed}_duration_milliseconds_{part}"
_FORMS = (
    _Form(
        "timeseries",
        "suffix:events/s",
        f"sum by ({{label}}) (rate({_SELECTED}[$__rate_interval]))",
        "{{{{{label}}}}}",
    ),
    _Form("timeseries", "none", f"sum by ({{label}}) (increase({_SELECTED}[{{window}}]))", "{{{{{label}}}}}"),
    _Form(
        "timeseries",
        "ms",
        "histogram_quantile({quantile}, sum by (le, {of}) "
        f'(rate({_DURATION.replace("{part}", "bucket")}{{{{customer_id=~"$customer_id"}}}}[{{window}}]))) '
        f"and on ({{of}}) sum by ({{of}}) (rate({_DURATION.replace('{part}', 'count')}[{{window}}])) > 0",
        "{{{{{of}}}}}",
    ),
    _Form(
        "stat",
        "percent",
        f"100 * (sum(increase({_SELECTED}[$__range])) or vector(0)) "
        "/ (sum(increase(rsolv_billing_{counter}_total[$__range])) > {number})",
        "Share",
        instant=True,
    ),
    _Form(
        "table",
        "none",
        f"topk({{number}}, sum by ({{label}}) (increase({_SELECTED}[$__range])) > 0)",
        "",
        instant=True,
    ),
    _Form(
        "piechart",
        "currencyUSD",
        "sum by (plan) (increase(rsolv_billing_invoice_paid_amount_cents_sum[$__range])) / 100 > {number}",
        "{{{{plan}}}}",
        instant=True,
    ),
    _Form(
        "timeseries",
        "none",
        'max by (plan) (rsolv_billing_active_subscriptions{{plan=~"$plan"}}) > {number}',
        "{{{{plan}}}}",
    ),
)  # fmt: skip
_PANELS = 17
_PER_PANEL = 2


def write_dashboards(folder: Path, count: int) -> int:
    """Write dashboards; the same every time.

    Args:
        folder: Where to.
        count: How many.

    Returns:
        How many queries their panels hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(7)  # noqa: S311 - the same dashboards every time
    for number in range(count):
        text = json.dumps(_dashboard(number, draw), indent=2)
        (folder / f"dashboard_{number:03}.json").write_text(text, encoding="utf-8")
    return count * _PANELS * _PER_PANEL


def _dashboard(number: int, draw: random.Random) -> dict[str, Any]:
    panels = [_panel(position, draw) for position in range(_PANELS)]
    used = json.dumps(panels)
    datasource = {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}}
    return {
        "uid": f"measured-{number}",
        "title": f"Measured {number}",
        "schemaVersion": 39,
        "timezone": "utc",
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [datasource, *(_variable(label) for label in _LABELS if f"${label}" in used)]},
        "annotations": {"list": []},
        "panels": panels,
    }


def _variable(label: str) -> dict[str, Any]:
    counter = next((name for name, labels in _COUNTERS.items() if label in labels), "invoice_paid")
    return {
        "name": label,
        "type": "query",
        "datasource": _DATASOURCE,
        "query": {
            "query": f"label_values(rsolv_billing_{counter}_total, {label})",
            "refId": "A",
            "qryType": 1,
        },
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _panel(position: int, draw: random.Random) -> dict[str, Any]:
    form = draw.choice(_FORMS)
    return {
        "id": position + 1,
        "title": f"Panel {position}",
        "description": "What was sold.",
        "type": form.panel,
        "gridPos": {"x": 12 * (position % 2), "y": 8 * (position // 2), "w": 12, "h": 8},
        "datasource": _DATASOURCE,
        "fieldConfig": {
            "defaults": {
                "unit": form.unit,
                "custom": {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10},
                "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}]},
            },
            "overrides": [],
        },
        "options": {"legend": {"showLegend": True, "displayMode": "list", "calcs": []}},
        "targets": [_target(form, letter, draw) for letter in "AB"[:_PER_PANEL]],
    }


def _target(form: _Form, letter: str, draw: random.Random) -> dict[str, Any]:
    counter, labels = draw.choice(list(_COUNTERS.items()))
    timed, of = draw.choice(list(_DURATIONS.items()))
    words = {
        "counter": counter,
        "label": draw.choice(labels),
        "timed": timed,
        "of": of,
        "window": f"{draw.randint(5, 300)}m",
        "quantile": round(draw.uniform(0.5, 0.999), 3),
        "number": draw.randint(1, 500),
    }
    return {
        "refId": letter,
        "datasource": _DATASOURCE,
        "expr": form.expr.format(**words),
        "legendFormat": f"{letter} {form.legend.format(**words)}".strip(),
        "instant": form.instant,
        "range": not form.instant,
        "format": "table" if form.panel == "table" else "time_series",
    }
