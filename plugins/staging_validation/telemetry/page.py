"""The reference page of the catalogue, ``docs/telemetry.md``: written from the catalogue, never by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from staging_validation.telemetry.catalogue import Catalogue
from staging_validation.telemetry.model import EventDefinition, MetricDefinition, MetricType, Range
from staging_validation.telemetry.panel_values import panel_values
from staging_validation.telemetry.plan import plan_run
from staging_validation.telemetry.traffic import complete_traffic

RENEW = "staging-validation catalogue --write docs/telemetry.md"
"""The command that writes the page anew."""

_EXAMPLE_RUN = "example"
_HISTOGRAMS = """\
Observe one measurement; Prometheus holds `_bucket`, `_sum` and `_count` of each. An event without the measurement
skips only its histogram."""
_SHOWN_TYPES = {
    MetricType.COUNTER: ("Counters", "Count events."),
    MetricType.HISTOGRAM: ("Histograms", _HISTOGRAMS),
    MetricType.GAUGE: ("Gauges", "Sampled; no event feeds them."),
}

_INTRODUCTION = f"""\
# Telemetry

The reference of the metric catalogue in `include/telemetry/`: what billing emits, what a validation run emits in
its place, and what the dashboard must show of it. Generated from the catalogue; do not edit it, write it anew:

```bash
{RENEW}
```

Every series of a validation run carries the label `validation_run`, the run's id, and the job `staging_validation`.
"""

_ADD_A_METRIC = """\
## Add a metric

One entry under `metrics:`, in a file of `include/telemetry/` or in a new file beside it, that says which event is
counted or observed:

```yaml
# yaml-language-server: $schema=catalogue.schema.json
metrics:
  - name: rsolv_billing_invoice_paid_duration_milliseconds
    type: histogram
    help: How long the payment of an invoice took.
    unit: milliseconds
    event: invoice_paid
    observes: duration
    labels: [plan]
    buckets: [100, 250, 500, 1000]
```

The next run emits it and looks for every series and bucket of it; the reference service counts it wherever it emits
the event. Where no row of the traffic above reaches the metric (a new event, a condition that no row meets, a gauge),
the run adds a row by itself. Editors complete and check the file against the schema that its first line names; what
is wrong in a file stops a run before anything is emitted, with file and line.
"""

_PANELS = f"""\
## What the panels must show

Of the run `{_EXAMPLE_RUN}` alone, computed from its traffic; another run has other numbers, which are in its results
as `panel_values` in the evidence of `telemetry.emission.values`. *exact*: the panel shows this very number. *total*:
the raw difference of the counters; `rate()` and `increase()` extrapolate to the ends of their window, so the panel
shows it times a factor that is the same for all series, and a rate a second's part of that.
"""


def catalogue_page(catalogue: Catalogue) -> str:
    """Write the reference page.

    Args:
        catalogue: The catalogue.

    Returns:
        The page, in Markdown.
    """
    parts = [
        _INTRODUCTION,
        _events(catalogue),
        _values(catalogue),
        _metrics(catalogue),
        _traffic(catalogue),
        _panels(catalogue),
        _ADD_A_METRIC,
    ]
    return "\n".join(part for part in parts if part)


def _events(catalogue: Catalogue) -> str:
    rows = [
        (
            f"`{catalogue.event_names[name]}`",
            event.help,
            _listed(f"{measured} ({unit.value})" for measured, unit in event.measurements.items()),
            _listed(_label(label, event) for label in event.labels),
        )
        for name, event in catalogue.events.items()
    ]
    head = (
        "## Events\n\n"
        "Behind a label stands the value set it draws from, and what it becomes when the event does not carry it. A\n"
        "null, empty or non-scalar value becomes `unknown`.\n"
    )
    return _section(head, ("event", "what happened", "measurements", "labels"), rows)


def _label(label: str, event: EventDefinition) -> str:
    definition = event.labels[label]
    return f"{label} ({definition.values}; `{definition.fallback}`)"


def _values(catalogue: Catalogue) -> str:
    rows = [
        (name, _listed(f"`{value}`" for value in known.values), "yes" if known.open else "no")
        for name, known in catalogue.values.items()
    ]
    head = (
        "## Value sets\n\n"
        "Synthetic traffic uses the listed values only; real traffic may carry others where it says so.\n"
    )
    return _section(head, ("value set", "values", "others, too"), rows)


def _metrics(catalogue: Catalogue) -> str:
    count = len(catalogue.metrics)
    seed = sum(metric.seed for metric in catalogue.metrics.values())
    head = f"## Metrics\n\n{count} metrics; the {seed} that billing began with are marked *seed*.\n"
    sections = [head]
    for kind, (title, meaning) in _SHOWN_TYPES.items():
        of_kind = [metric for metric in catalogue.metrics.values() if metric.type is kind]
        if of_kind:
            sections.append(_section(f"### {title}\n\n{meaning}\n", *_metric_table(kind, of_kind)))
    return "\n".join(sections)


def _metric_table(
    kind: MetricType, metrics: Sequence[MetricDefinition]
) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    columns = ("metric", "says", "unit", "labels", "from", "only when", "mark")
    rows = [
        (
            f"`{metric.name}`",
            metric.help,
            metric.unit.value,
            _listed(metric.labels),
            _origin(metric),
            _pairs(metric.when),
            "seed" if metric.seed else "",
        )
        for metric in metrics
    ]
    if kind is not MetricType.HISTOGRAM:
        return columns, rows
    with_buckets = [
        (*row, _listed(f"{bound:g}" for bound in metric.buckets))
        for row, metric in zip(rows, metrics, strict=True)
    ]
    return (*columns, "buckets"), with_buckets


def _origin(metric: MetricDefinition) -> str:
    if metric.event is None:
        values = (f"{label} ({values})" for label, values in metric.values.items())
        return f"{metric.source.value if metric.source else ''}: {_listed(values)}"
    return f"{metric.event}, {metric.observes}" if metric.observes else metric.event


def _traffic(catalogue: Catalogue) -> str:
    traffic = complete_traffic(catalogue)
    events = [
        (
            row.event,
            _range(row.count),
            _pairs(row.labels),
            _listed(f"{name} {_range(drawn)}" for name, drawn in row.measurements.items()),
        )
        for row in traffic.events
    ]
    gauges = [(f"`{row.metric}`", _pairs(row.labels), _range(row.value)) for row in traffic.gauges]
    head = (
        "## The traffic of a run\n\n"
        "What a validation run emits. A range is drawn from the run's id: the same run always has the same numbers,\n"
        "another run has others. The baseline is the same series at zero.\n"
    )
    shown = _section(head, ("event", "times", "labels", "measurements"), events)
    return shown + "\n" + _section("", ("gauge", "labels", "value"), gauges) if gauges else shown


def _panels(catalogue: Catalogue) -> str:
    rows = [
        (
            f"{value.panel_id} {value.title}",
            value.ref_id,
            _pairs(value.labels),
            f"{value.value:.10g}",
            value.unit,
            value.basis.value,
        )
        for value in panel_values(plan_run(_EXAMPLE_RUN, catalogue), catalogue)
    ]
    columns = ("panel", "query", "labels", f"run `{_EXAMPLE_RUN}`", "unit", "basis")
    return _section(_PANELS, columns, rows) if rows else ""


def _section(head: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    table = "".join(f"| {' | '.join(_cell(text) for text in line)} |\n" for line in lines)
    return f"{head}\n{table}" if head else table


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _listed(items: Iterable[str]) -> str:
    return ", ".join(items)


def _pairs(pairs: Mapping[str, str]) -> str:
    return _listed(f"{name}={value}" for name, value in pairs.items())


def _range(drawn: Range) -> str:
    lowest, highest = drawn
    return str(lowest) if lowest == highest else f"{lowest} to {highest}"
