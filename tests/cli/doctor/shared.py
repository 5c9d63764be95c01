"""A staging for the doctor: servers on loopback that answer as the real ones do, and can be made to answer wrongly."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

PROJECT = Path(__file__).resolve().parents[3]
HTTP = (
    "staging_api",
    "prometheus_default",
    "pushgateway_default",
    "stripe_default",
    "grafana_default",
    "alertmanager_default",
    "staging_api_strict",
)
NEEDED = ("staging_postgres", "staging_api", "stripe_default", "pushgateway_default", "prometheus_default")
KEY = "sk_test_doctorskey"
SECRET = "whsec_doctorssecret"
OUR_ENDPOINT = "/api/webhooks/stripe"

PRICE = {
    "id": "price_pro",
    "object": "price",
    "active": True,
    "currency": "usd",
    "livemode": False,
    "recurring": {"interval": "month", "interval_count": 1},
    "unit_amount": 59_900,
}
HEALTH = {"status": "ok", "service": "billing", "environment": "staging", "services": {"database": "ok"}}
CONFIG = {"status": "success", "data": {"yaml": "global: {external_labels: {environment: staging}}"}}
VECTOR = {
    "status": "success",
    "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, "1"]}]},
}
NOT_FOUND = (404, {"detail": "Not Found"})
NOT_ALLOWED = (405, {"detail": "Method Not Allowed"})


class Server:
    """A server whose answers are a mapping of paths to status and JSON (or text); other paths are unknown."""

    def __init__(self, ssl_context: Any = None) -> None:
        self.http = HTTPServer(host="127.0.0.1", port=0, ssl_context=ssl_context)
        self.http.start()
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str]] = []

    def reset(self, answers: Mapping[str, Any]) -> None:
        self.http.clear()
        self.asked.clear()
        self.answers = {
            path: answer if isinstance(answer, tuple) else (200, answer) for path, answer in answers.items()
        }
        self.http.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    @property
    def port(self) -> int:
        return self.http.port

    def _answer(self, request: Request) -> Response:
        self.asked.append((request.method, request.path))
        status, body = self.answers.get(request.path, NOT_FOUND)
        if isinstance(body, str):
            return Response(body, status, content_type="text/html")
        return Response(json.dumps(body), status, content_type="application/json")


def healthy(ports: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """What the servers of a staging that has everything answer, by server."""
    target = {
        "scrapePool": "pushgateway",
        "scrapeUrl": f"http://127.0.0.1:{ports['pushgateway_default']}/metrics",
        "health": "up",
        "scrapeInterval": "5s",
        "labels": {"job": "pushgateway", "instance": "x"},
    }
    endpoint = {
        "url": f"http://127.0.0.1:{ports['staging_api']}/api/webhooks/stripe",
        "status": "enabled",
        "enabled_events": ["*"],
    }
    api: dict[str, Any] = {
        "/api/health": HEALTH,
        "/metrics": "rsolv_billing_invoice_paid_total 1\n",
        "/internal/customers/0/summary": (404, {"error": "no such customer"}),
    }
    for path in ("/api/v1/customers/onboard", "/api/v1/fix-attempts", "/api/webhooks/stripe"):
        api[path] = NOT_ALLOWED
    for name in ("payment-method", "subscribe", "cancel", "fixes"):
        api[f"/internal/customers/0/{name}"] = NOT_ALLOWED
    return {
        "staging_api": api,
        "prometheus_default": {
            "/api/v1/status/buildinfo": {
                "status": "success",
                "data": {"version": "2.45.0", "goVersion": "go1.20"},
            },
            "/api/v1/status/config": CONFIG,
            "/api/v1/query": VECTOR,
            "/api/v1/targets": {"status": "success", "data": {"activeTargets": [target]}},
        },
        "pushgateway_default": {
            "/api/v1/status": {"status": "success", "data": {"build_information": {"version": "1.6.0"}}},
            "/api/v1/metrics": {"status": "success", "data": []},
        },
        "stripe_default": {
            "/v1/balance": {"object": "balance", "livemode": False},
            "/v1/prices/price_pro": PRICE,
            "/v1/webhook_endpoints": {"object": "list", "data": [endpoint]},
        },
        "grafana_default": {
            "/api/health": {"database": "ok", "version": "11.2.0", "commit": "abc"},
            "/api/dashboards/uid/billing-metrics": {"dashboard": {}},
        },
        "alertmanager_default": {"/api/v2/status": {"versionInfo": {"version": "0.27.0"}}},
        "staging_api_strict": {"/api/health": HEALTH},
    }


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that signs itself, valid for an hour, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "staging")])
    now = datetime.now(timezone.utc)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


def outcome(found: dict[str, dict[str, Any]], check: str) -> str:
    result = found[check]
    return "warning" if result["outcome"] == "failed" and result["severity"] != "error" else result["outcome"]
