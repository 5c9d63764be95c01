"""The load's steps: refused on Stripe itself, skipped without a strict instance, as large as the params say."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from staging_validation.airflow.hooks import environment, load, services
from staging_validation.airflow.hooks import stripe as stripe_hook
from staging_validation.airflow.operators.load import (
    CheckLoadTargetOperator,
    CheckRateLimitsOperator,
    CleanUpLoadOperator,
    RunLoadOperator,
    _profile,
)
from staging_validation.airflow.params import load_params
from staging_validation.airflow.run import ValidationRun
from staging_validation.errors import GuardRefusedError
from staging_validation.load.profile import CONTRACT
from staging_validation.results import Kind, Outcome

RUN = ValidationRun("staging_load", "manual__1", "load-3fa9c1d2e4b5")
STEPS = [CheckLoadTargetOperator, RunLoadOperator, CheckRateLimitsOperator, CleanUpLoadOperator]
CONNECTIONS = {
    "staging_api": {"conn_type": "http", "host": "http://127.0.0.1:1"},
    "stripe_default": {"conn_type": "generic", "host": "http://127.0.0.1:2", "password": "sk_test_x"},
}


@pytest.fixture(autouse=True)
def connections(monkeypatch):
    for name, fields in CONNECTIONS.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))


@pytest.fixture
def handed_out(monkeypatch):
    """What the hooks were asked for."""
    asked = []
    monkeypatch.setattr(environment, "recheck", lambda: asked.append("guard"))
    monkeypatch.setattr(services, "billing_api", lambda: asked.append("billing API"))
    monkeypatch.setattr(stripe_hook, "stripe_api", lambda: asked.append("Stripe"))
    return asked


def context(**params):
    return {
        "ti": SimpleNamespace(try_number=1, map_index=-1),
        "params": {"scale": 1, "latency_factor": 1, **params},
    }


@pytest.mark.parametrize("host", ["", "https://api.stripe.com"])
@pytest.mark.parametrize("step", STEPS[:3])
def test_stripe_itself_is_refused_before_anything_is_handed_out(step, host, monkeypatch, handed_out):
    stripe = json.dumps({**CONNECTIONS["stripe_default"], "host": host})
    monkeypatch.setenv("AIRFLOW_CONN_STRIPE_DEFAULT", stripe)
    with pytest.raises(GuardRefusedError, match="no load is ever put on Stripe"):
        step(task_id="load").check(context(), RUN)
    assert handed_out == []


def test_without_a_strict_instance_the_limits_are_skipped_with_the_reason(handed_out):
    (result,) = CheckRateLimitsOperator(task_id="limits").check(context(), RUN).results
    assert result.outcome is Outcome.SKIPPED
    assert "staging_api_strict" in result.evidence["reason"]


def test_the_strict_instance_is_handed_out_behind_the_guard(monkeypatch, handed_out):
    strict = {"conn_type": "http", "host": "http://127.0.0.1:3", "extra": {"paths": {"health": "/health"}}}
    monkeypatch.setenv("AIRFLOW_CONN_STAGING_API_STRICT", json.dumps(strict))
    api = load.strict_billing_api()
    assert api is not None
    assert handed_out == ["guard"]
    assert (api.http.base_url, api.paths["health"]) == ("http://127.0.0.1:3", "/health")


def test_the_params_make_the_load():
    defaults = {name: param.value for name, param in load_params().items()}
    assert _profile({"params": defaults}) == CONTRACT
    small = _profile(context(scale=0.1, latency_factor=5))
    assert (small.sign_ups.users, small.webhooks[0].thresholds.milliseconds) == (10, 1000)


@pytest.mark.parametrize("step", STEPS)
def test_they_change_staging_and_report_as_load(step):
    operator = step(task_id="load")
    assert (operator.destructive, operator.kind) == (True, Kind.LOAD)
    assert operator.subject
