# ruff: noqa: E501 - a line is a row of the table, to be read as one
"""The matrix: every way we know in which an environment lies, or a source is missing, and what becomes of it.

Each line tells one lie to a staging that is otherwise honest, on a real PostgreSQL server and real HTTP servers. Then
the guard runs; and then, as if the lie had been told only after an honest guard had passed, every step that changes
staging runs with that guard's record. Whatever happens, the server's statement log must show no write, no table may
differ, no service may have got a changing request, and no live key may have been sent.

Columns: what the guard ends as, the source that says so (or, where the guard cannot know and passes, what the steps
name as changed), the lie, and how it is told. `test_dags.py` has the situations that need a whole DAG, and
`test_records.py` those about the guard's record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

REFUSED, ERRORED, PASSED = "refused", "errored", "passed"
TEST_KEY = "sk_" + "test_" + "b2" * 12
LIVE = "live_" + "a1" * 12
NO_ANSWER = "http://127.0.0.1:{}"


class Situation(NamedTuple):
    """One line of the matrix."""

    id: str
    guard: str
    says: str
    lie: str
    tell: Callable[[Any], None]


def declared(place: str, value: str) -> Callable[[Any], None]:
    return lambda world: world.environ(place, value)


def marked(change: str) -> Callable[[Any], None]:
    return lambda world: world.sql(f"UPDATE staging_validation.marker SET {change}")


def sql(statement: str) -> Callable[[Any], None]:
    return lambda world: world.sql(statement)


def database(**fields: Any) -> Callable[[Any], None]:
    return lambda world: world.connection("staging_postgres", **fields)


def key(value: str | None) -> Callable[[Any], None]:
    return lambda world: world.connection("stripe_default", password=value)


def says(service: str, path: str, answer: Any = None, **how: Any) -> Callable[[Any], None]:
    return lambda world: world.services[service].says(path, answer, **how)


def balance(answer: Any = None, **how: Any) -> Callable[[Any], None]:
    return says("stripe", "/v1/balance", answer, **how)


def health(answer: Any = None, **how: Any) -> Callable[[Any], None]:
    return says("api", "/api/health", answer, **how)


def labels(*lines: str) -> Callable[[Any], None]:
    yaml = "\n".join(["global:", "  external_labels:", *(f"    {line}" for line in lines)])
    return configuration({"status": "success", "data": {"yaml": yaml}})


def configuration(answer: Any = None, **how: Any) -> Callable[[Any], None]:
    return says("prometheus", "/api/v1/status/config", answer, **how)


def silent(service: str, path: str) -> Callable[[Any], None]:
    return lambda world: world.services[service].hangs(path)


def down(conn_id: str) -> Callable[[Any], None]:
    return lambda world: world.connection(conn_id, host="127.0.0.1", port=world.dead_port)


def missing(conn_id: str) -> Callable[[Any], None]:
    return lambda world: world.forget(conn_id)


def moved(conn_id: str, path: str, answer: Any) -> Callable[[Any], None]:
    def tell(world: Any) -> None:
        world.services["elsewhere"].says(path, answer)
        world.connection(conn_id, host=world.services["elsewhere"].url)

    return tell


S = Situation
# fmt: off
MATRIX = [
    # Declared names. Any production refuses, and so does a name that nobody has heard of.
    S("D01", REFUSED, "declared.airflow_variable_staging_validation_environment", "the Airflow variable says production", lambda w: w.variable("staging_validation_environment", "production")),
    S("D02", REFUSED, "declared.airflow_variable_staging_validation_environment", "the Airflow variable says prd, with blanks around it", lambda w: w.variable("staging_validation_environment", "  PRD ")),
    S("D03", REFUSED, "declared.staging_validation_env", "STAGING_VALIDATION_ENV says prod", declared("STAGING_VALIDATION_ENV", "prod")),
    S("D04", REFUSED, "declared.staging_validation_env", "STAGING_VALIDATION_ENV says Live", declared("STAGING_VALIDATION_ENV", "Live")),
    S("D05", REFUSED, "declared.environment", "ENVIRONMENT says production", declared("ENVIRONMENT", "production")),
    S("D06", REFUSED, "declared.environment", "ENVIRONMENT says PRODUCTION with a tab behind it", declared("ENVIRONMENT", "PRODUCTION\t")),
    S("D07", REFUSED, "declared.environment", "ENVIRONMENT says qa, which nobody has heard of", declared("ENVIRONMENT", "qa")),
    S("D08", REFUSED, "declared.environment", "ENVIRONMENT says staging with a Cyrillic letter in it", declared("ENVIRONMENT", "st\u0430ging")),
    S("D09", REFUSED, "declared.environment", "ENVIRONMENT says staging-prod", declared("ENVIRONMENT", "staging-prod")),
    S("D10", REFUSED, "declared.mix_env", "MIX_ENV says prod", declared("MIX_ENV", "prod")),
    S("D11", REFUSED, "declared.release_env", "RELEASE_ENV says live", declared("RELEASE_ENV", "live")),
    S("D12", REFUSED, "declared.release_env", "RELEASE_ENV says prod-eu", declared("RELEASE_ENV", "prod-eu")),
    S("D13", REFUSED, "declared.deploy_env", "a further variable, named by configuration, says production", lambda w: (w.variable("staging_validation_declared_by", "DEPLOY_ENV"), w.environ("DEPLOY_ENV", "production"))),
    S("D14", REFUSED, "declared.tier", "the second of two further variables says prd", lambda w: (w.variable("staging_validation_declared_by", " DEPLOY_ENV,, TIER "), w.environ("DEPLOY_ENV", "staging"), w.environ("TIER", "prd"))),
    S("D15", REFUSED, "declared.mix_env", "one variable says production while four say staging", lambda w: [w.environ(name, "prod" if name == "MIX_ENV" else "staging") for name in ("STAGING_VALIDATION_ENV", "ENVIRONMENT", "MIX_ENV", "RELEASE_ENV")]),
    S("D16", REFUSED, "declared.environment", "production, with variables that look like a bypass", lambda w: [w.environ(name, value) for name, value in (("ENVIRONMENT", "production"), ("STAGING_VALIDATION_SKIP_GUARD", "1"), ("STAGING_VALIDATION_FORCE", "true"))]),
    # The marker. It must say non-production, on this very cluster.
    S("M01", REFUSED, "marker", "the database was never marked", sql("DROP SCHEMA staging_validation CASCADE")),
    S("M02", REFUSED, "marker", "the marker's row was deleted", sql("DELETE FROM staging_validation.marker")),
    S("M03", REFUSED, "marker", "there are two markers, staging and production", sql("ALTER TABLE staging_validation.marker DROP CONSTRAINT marker_pkey; INSERT INTO staging_validation.marker SELECT true, 'production', system_identifier, marked_by, marked_at, reason FROM staging_validation.marker")),
    S("M04", REFUSED, "marker", "the marker says production", marked("environment = 'production'")),
    S("M05", REFUSED, "marker", "the marker says Prod, with blanks", marked("environment = ' Prod '")),
    S("M06", REFUSED, "marker", "the marker names an environment that nobody has heard of", marked("environment = 'acceptance'")),
    S("M07", REFUSED, "marker", "the marker's environment is blank", marked("environment = ' '")),
    S("M08", REFUSED, "marker", "a dump of another staging was restored here, marker and all", marked("system_identifier = '7000000000000000001'")),
    S("M09", REFUSED, "marker", "a production dump was restored here, marker and all", marked("environment = 'production', system_identifier = '7000000000000000001'")),
    S("M10", REFUSED, "marker", "the marker names no cluster", marked("system_identifier = ''")),
    S("M11", ERRORED, "marker", "the marker table lacks a column", sql("ALTER TABLE staging_validation.marker DROP COLUMN marked_by")),
    S("M12", REFUSED, "marker", "the marker table is hidden from this role by row security", sql("ALTER TABLE staging_validation.marker ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")),
    S("M13", ERRORED, "marker", "the role may not read the marker", sql("REVOKE ALL ON staging_validation.marker FROM CURRENT_USER")),
    S("M14", ERRORED, "marker", "another role, which may not even enter the marker's schema", database(login="stranger", password="stranger")),
    S("M15", ERRORED, "marker", "the server does not tell its identifier", lambda w: w.as_superuser("REVOKE EXECUTE ON FUNCTION pg_control_system FROM PUBLIC")),
    S("M16", PASSED, "the database's marker", "somebody marked the database anew after the guard had seen it", marked("marked_at = now() + interval '1 second', marked_by = 'mallory'")),
    S("M17", PASSED, "the database's marker", "somebody changed the marker's reason after the guard had seen it", marked("reason = 'not really ours'")),
    # The database's identity. Names and role can only contradict; a re-pointed connection refuses.
    S("B01", REFUSED, "database.name", "the database is called billing_production", lambda w: w.renamed("billing_production")),
    S("B02", REFUSED, "database.name", "the database is called eu-prd2-billing", lambda w: w.renamed("eu-prd2-billing")),
    S("B03", REFUSED, "database.name", "the host is called db1.prod.example.com", database(host="db1.prod.example.com", extra={"hostaddr": "127.0.0.1"})),
    S("B04", REFUSED, "marker", "a tunnel: 127.0.0.1 leads to a cluster whose database is marked production", lambda w: (w.postgres("staging"), w.mark_other("staging", "production"))),
    S("B05", REFUSED, "database.role", "the connection leads to a replica", lambda w: w.connection("staging_postgres", port=w.standby.server.port, schema="template_of_staging")),
    S("B06", REFUSED, "marker", "the connection was swapped for an unmarked database", database(schema="postgres")),
    S("B07", REFUSED, "marker", "the connection names no database, so the role's own is used", database(schema="")),
    S("B08", PASSED, "the database's name", "the connection was swapped for another marked staging database", database(schema="template_of_staging")),
    S("B09", ERRORED, "marker", "the database's password is wrong", database(password="wrong")),
    S("B10", ERRORED, "marker", "the database does not exist", database(schema="no_such_database")),
    S("B11", ERRORED, "marker", "the database server is down", down("staging_postgres")),
    S("B12", ERRORED, "marker", "the database's address is a mail server's", lambda w: w.connection("staging_postgres", port=w.mail_port)),
    S("B13", ERRORED, "marker", "the database accepts no connections", lambda w: w.as_superuser(f'ALTER DATABASE "{w.database}" CONNECTION LIMIT 0')),
    S("B14", ERRORED, "env_guard", "there is no connection to the database", missing("staging_postgres")),
    # The Stripe key and the account's own answer. Both must say test mode; a live key is not used even once.
    S("S01", REFUSED, "stripe.key", "the key is sk_live_…", key(f"sk_{LIVE}")),
    S("S02", REFUSED, "stripe.key", "the key is rk_live_…", key(f"rk_{LIVE}")),
    S("S03", REFUSED, "stripe.key", "the key is sk_live_… with a blank before it", key(f" sk_{LIVE}")),
    S("S04", REFUSED, "stripe.key", "the key is live and has test_ in it", key("sk_live_x_test_y")),
    S("S05", REFUSED, "stripe.key", "there is no key", key(None)),
    S("S06", REFUSED, "stripe.key", "the key is garbage", key("correct horse battery staple")),
    S("S07", REFUSED, "stripe.key", "the key is a publishable one, pk_test_…", key("pk_test_" + "c3" * 12)),
    S("S08", REFUSED, "stripe.key", "the key is a webhook secret", key("whsec_test_" + "c3" * 12)),
    S("S09", REFUSED, "stripe.key", "the key is SK_TEST_…", key("SK_TEST_" + "c3" * 12)),
    S("S10", REFUSED, "stripe.account", "a test key, but Stripe says livemode true", balance({"object": "balance", "livemode": True})),
    S("S11", REFUSED, "stripe.account", "Stripe's balance says nothing of its mode", balance({"object": "balance"})),
    S("S12", REFUSED, "stripe.account", "Stripe's balance says livemode 'false', which is a text", balance({"livemode": "false"})),
    S("S13", REFUSED, "stripe.account", "Stripe's balance says livemode 0", balance({"livemode": 0})),
    S("S14", REFUSED, "stripe.account", "Stripe's balance says livemode null", balance({"livemode": None})),
    S("S15", ERRORED, "stripe.account", "Stripe answers 401", balance({"error": {"message": "Invalid API Key"}}, status=401)),
    S("S16", ERRORED, "stripe.account", "Stripe answers 429", balance({"error": {}}, status=429)),
    S("S17", ERRORED, "stripe.account", "Stripe answers 500", balance({"livemode": False}, status=500)),
    S("S18", ERRORED, "stripe.account", "Stripe does not answer", silent("stripe", "/v1/balance")),
    S("S19", ERRORED, "stripe.account", "Stripe cannot be reached", lambda w: w.connection("stripe_default", host=NO_ANSWER.format(w.dead_port))),
    S("S20", ERRORED, "stripe.account", "Stripe answers with a web page", balance(text="<html>livemode: false</html>")),
    S("S21", ERRORED, "stripe.account", "Stripe answers with a list", balance([{"livemode": False}])),
    S("S22", ERRORED, "env_guard", "there is no connection to Stripe", missing("stripe_default")),
    S("S23", PASSED, "the Stripe key", "the key was swapped for another test key", key(TEST_KEY)),
    S("S24", PASSED, "the address of stripe_default", "Stripe's address was re-pointed to another server", moved("stripe_default", "/v1/balance", {"livemode": False})),
    # The billing API's own word.
    S("A01", REFUSED, "billing_api.health", "/api/health says production", health({"environment": "production"})),
    S("A02", REFUSED, "billing_api.health", "/api/health says PRD", health({"environment": " PRD"})),
    S("A03", REFUSED, "billing_api.health", "/api/health names an environment that nobody has heard of", health({"environment": "acceptance"})),
    S("A04", ERRORED, "billing_api.health", "/api/health answers 500", health({"environment": "staging"}, status=500)),
    S("A05", ERRORED, "billing_api.health", "/api/health answers 503, degraded", health({"environment": "staging"}, status=503)),
    S("A06", ERRORED, "billing_api.health", "/api/health answers 401", health({}, status=401)),
    S("A07", ERRORED, "billing_api.health", "/api/health does not answer", silent("api", "/api/health")),
    S("A08", ERRORED, "billing_api.health", "/api/health answers with a web page", health(text="<html>staging</html>")),
    S("A09", ERRORED, "billing_api.health", "/api/health answers with a list", health(["staging"])),
    S("A10", ERRORED, "billing_api.health", "the billing API cannot be reached", down("staging_api")),
    S("A11", ERRORED, "env_guard", "there is no connection to the billing API", missing("staging_api")),
    S("A12", PASSED, "the address of staging_api", "the billing API's address was re-pointed to another staging", moved("staging_api", "/api/health", {"environment": "staging"})),
    # Prometheus' external labels, and where telemetry is pushed.
    S("P01", REFUSED, "prometheus.labels", "Prometheus' external label env is production", labels("env: production")),
    S("P02", REFUSED, "prometheus.labels", "Prometheus' external label environment is Prd", labels("environment: Prd")),
    S("P03", REFUSED, "prometheus.labels", "Prometheus' external label stage is live while env is staging", labels("env: staging", "stage: live")),
    S("P04", REFUSED, "prometheus.labels", "Prometheus' external label environment is unheard of", labels("environment: acceptance")),
    S("P05", REFUSED, "prometheus.labels", "Prometheus' external label cluster is eu-prod-1", labels("env: staging", "cluster: eu-prod-1")),
    S("P06", REFUSED, "prometheus.labels", "Prometheus' external label Environment, with a capital, is Production", labels("Environment: Production")),
    S("P07", ERRORED, "prometheus.labels", "Prometheus answers 500", configuration({}, status=500)),
    S("P08", ERRORED, "prometheus.labels", "Prometheus does not answer", silent("prometheus", "/api/v1/status/config")),
    S("P09", ERRORED, "prometheus.labels", "Prometheus answers with a web page", configuration(text="<html></html>")),
    S("P10", ERRORED, "prometheus.labels", "Prometheus' configuration is no YAML", configuration({"status": "success", "data": {"yaml": "global: ["}})),
    S("P11", ERRORED, "prometheus.labels", "Prometheus cannot be reached", down("prometheus_default")),
    S("P12", ERRORED, "env_guard", "there is no connection to Prometheus", missing("prometheus_default")),
    S("P13", ERRORED, "env_guard", "there is no connection to the Pushgateway", missing("pushgateway_default")),
    S("P14", PASSED, "the address of pushgateway_default", "the Pushgateway's address was re-pointed", lambda w: w.connection("pushgateway_default", host=w.services["elsewhere"].url)),
]
# fmt: on


@pytest.mark.parametrize("situation", MATRIX, ids=lambda situation: situation.id)
def test_nothing_is_written(situation, world, watch):
    honest = world.guard()
    assert honest.outcome == PASSED
    situation.tell(world)
    end = watch()

    guarded = world.guard()
    assert guarded.outcome == situation.guard
    if situation.guard != PASSED:
        assert situation.says in guarded.saying

    for name in world.steps:
        stopped = world.step(name, honest.record)
        assert stopped.outcome == (REFUSED if situation.guard == PASSED else situation.guard), name
        if situation.guard == PASSED:
            assert situation.says in stopped.text

    seen = end()
    assert (seen.statements, seen.requests, seen.changed) == ([], [], False)
    assert not any("_live_" in sent for sent in seen.keys)


def test_the_matrix_has_at_least_sixty_situations_and_every_one_its_own_id():
    assert len(MATRIX) >= 60
    assert len({situation.id for situation in MATRIX}) == len(MATRIX)
