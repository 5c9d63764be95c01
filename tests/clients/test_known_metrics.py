"""Learning metrics from a catalogue, an exposition and a Prometheus."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from staging_validation.clients.known_metrics import known_metrics
from staging_validation.errors import ServiceAnswerError, ServiceUnreachableError
from staging_validation.project import include_dir
from staging_validation.promql.known import MetricKind

METADATA = {"shop_sales_total": [{"type": "counter", "help": "Sales.", "unit": ""}]}
SERIES = [{"__name__": "shop_sales_total", "plan": "pro", "job": "shop"}]


@pytest.fixture
def prometheus():
    """A server that answers as Prometheus does; its answers can be changed."""
    answers = {"/api/v1/metadata": METADATA, "/api/v1/series": SERIES}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"status": "success", "data": answers[self.path.partition("?")[0]]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["", "billing.yaml"])
def test_a_catalogue(name):
    known = known_metrics(str(include_dir("telemetry") / name))
    assert known["rsolv_billing_active_subscriptions"].kind is MetricKind.GAUGE


def test_an_exposition(tmp_path):
    file = tmp_path / "metrics"
    file.write_text('# TYPE shop_sales_total counter\nshop_sales_total{plan="pro"} 3\n')
    assert known_metrics(str(file))["shop_sales_total"].kind is MetricKind.COUNTER


def test_a_prometheus(prometheus):
    address, _ = prometheus
    sales = known_metrics(address)["shop_sales_total"]
    assert (sales.kind, sales.labels["plan"].values) == (MetricKind.COUNTER, {"pro"})


def test_an_answer_of_another_form(prometheus):
    address, answers = prometheus
    answers["/api/v1/series"] = {"a": 1}
    with pytest.raises(ServiceAnswerError, match="documented form"):
        known_metrics(address)


def test_a_prometheus_that_is_not_there():
    with pytest.raises(ServiceUnreachableError, match="Prometheus"):
        known_metrics("http://127.0.0.1:1")
