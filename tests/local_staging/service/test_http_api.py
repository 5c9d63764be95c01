from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from local_staging.service.app import build_app, create_app

ATTEMPTS = "/api/v1/fix-attempts"
ATTEMPT = {"github_org": "acme", "repo_name": "shop", "pr_number": 7}


def keyed(driver, **fields):
    return {"x-api-key": driver.onboard(**fields)["api_key"]}


class TestFixAttempts:
    def test_is_created_for_the_keys_customer(self, driver):
        signed_up = driver.onboard()

        answer = driver.http.post(
            ATTEMPTS, json={**ATTEMPT, "issue_number": 3}, headers={"x-api-key": signed_up["api_key"]}
        )

        assert answer.status_code == 201
        body = answer.json()
        assert body == {**ATTEMPT, "id": body["id"], "status": "pending", "billing_status": "not_billed"}
        row = driver.sql("SELECT * FROM fix_attempts")[0]
        assert (row["customer_id"], row["issue_number"]) == (signed_up["customer"]["id"], 3)
        assert row["requires_manual_approval"] is True

    def test_duplicate_is_409(self, driver):
        headers = keyed(driver)
        driver.http.post(ATTEMPTS, json=ATTEMPT, headers=headers)

        answer = driver.http.post(ATTEMPTS, json=ATTEMPT, headers=headers)

        assert answer.status_code == 409

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"status": "lost"}, "status"),
            ({"github_org": None}, "github_org"),
            ({"pr_number": 2**31}, "pr_number"),
            ({"pr_number": "7"}, "pr_number"),
            ({"metadata": []}, "metadata"),
        ],
    )
    def test_wrong_fields_are_422_by_field(self, driver, changes, field):
        answer = driver.http.post(ATTEMPTS, json={**ATTEMPT, **changes}, headers=keyed(driver))

        assert answer.status_code == 422
        assert list(answer.json()["errors"]) == [field]
        assert "x-ratelimit-remaining" in answer.headers

    def test_value_that_postgres_cannot_hold_is_422(self, driver):
        answer = driver.http.post(
            ATTEMPTS, json={**ATTEMPT, "metadata": {"text": "\u0000"}}, headers=keyed(driver)
        )

        assert answer.status_code == 422

    @pytest.mark.parametrize("headers", [{}, {"x-api-key": ""}, {"x-api-key": "rsolv_wrong"}])
    def test_missing_or_wrong_key_is_401(self, driver, headers):
        assert driver.http.post(ATTEMPTS, json=ATTEMPT, headers=headers).status_code == 401

    @pytest.mark.parametrize("table", ["customers", "api_keys"])
    def test_inactive_customer_or_key_is_401(self, driver, table):
        headers = keyed(driver)
        driver.sql(f"UPDATE {table} SET active = false")

        assert driver.http.post(ATTEMPTS, json=ATTEMPT, headers=headers).status_code == 401


class TestLimits:
    def test_keyed_calls_tell_what_is_left_and_end_in_429(self, strict_driver):
        headers = keyed(strict_driver)

        answers = [strict_driver.http.get("/api/health", headers=headers) for _ in range(4)]

        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert answers[0].headers["x-ratelimit-limit"] == "3"
        assert answers[-1].status_code == 429
        assert answers[-1].json()["error"]["code"] == "RATE_LIMITED"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60

    def test_customers_do_not_share_a_limit(self, strict_driver):
        first, second = keyed(strict_driver), keyed(strict_driver)
        for _ in range(4):
            strict_driver.http.get("/api/health", headers=first)

        assert strict_driver.http.get("/api/health", headers=second).status_code != 429


class TestHealth:
    def test_says_what_and_where_it_is(self, platform):
        with TestClient(build_app(platform)) as http:
            answer = http.get("/api/health")

        assert answer.status_code == 200
        body = answer.json()
        assert body == {
            "status": "ok",
            "service": "billing",
            "version": body["version"],
            "environment": "staging",
            "services": {"database": "ok", "webhooks": "ok"},
        }

    def test_key_is_checked_when_there_is_one(self, driver, platform):
        headers = keyed(driver)
        with TestClient(build_app(platform)) as http:
            assert http.get("/api/health", headers=headers).status_code == 200
            assert http.get("/api/health", headers={"x-api-key": "rsolv_wrong"}).status_code == 401

    def test_is_degraded_without_a_database(self, driver, broken_database):
        answer = driver.http.get("/api/health", headers={"x-api-key": "rsolv_any"})

        assert answer.status_code == 503
        assert answer.json()["status"] == "degraded"
        assert answer.json()["services"]["database"] == "unavailable"

    def test_is_degraded_when_the_worker_has_ended(self, driver):
        answer = driver.http.get("/api/health")

        assert answer.status_code == 503
        assert answer.json()["services"] == {"database": "ok", "webhooks": "stopped"}


class TestWithoutDatabase:
    @pytest.mark.parametrize("path", ["/metrics", "/internal/customers/1/summary"])
    def test_answers_503(self, driver, broken_database, path):
        answer = driver.http.get(path)

        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "SERVICE_UNAVAILABLE"


class TestMetrics:
    def test_has_the_twenty_metrics_and_no_other(self, driver):
        text = driver.http.get("/metrics").text

        metrics = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
        assert len(metrics) == 20
        assert all(name.startswith("rsolv_billing_") for name in metrics)
        assert "_created{" not in text

    def test_counts_active_subscriptions_in_the_database(self, driver):
        driver.customer_id()
        driver.with_card()
        past_due, _ = driver.pro(), driver.pro()
        driver.sql("UPDATE customers SET subscription_state = 'past_due' WHERE id = %s", past_due)

        found = {
            plan: driver.metric("active_subscriptions", plan=plan)
            for plan in ("trial", "pay_as_you_go", "pro")
        }

        assert found == {"trial": 1, "pay_as_you_go": 1, "pro": 1}


def test_application_is_built_from_settings(settings):
    with TestClient(create_app(settings)) as http:
        assert http.get("/api/health").status_code == 200
