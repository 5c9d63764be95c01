from __future__ import annotations

import dataclasses

import psycopg
import pytest
from fastapi.testclient import TestClient

from local_staging.service.app import build_app
from local_staging.service.customers import lock_customer
from local_staging.service.database import Database, connect
from local_staging.service.webhooks import queue
from local_staging.service.webhooks.worker import WebhookWorker
from staging_validation.clients.polling import wait_for

PAID = "invoice.payment_succeeded"


class HurriedDatabase(Database):
    """Waits no longer than 50 ms for a lock."""

    def _take(self):
        connection = super()._take()
        connection.execute("SET lock_timeout = 50")
        return connection


def waits(driver):
    return driver.sql("SELECT attempts, available_at > now() AT TIME ZONE 'UTC' AS later FROM webhook_queue")


def balance_becomes(driver, customer_id, balance):
    wait_for(
        f"a balance of {balance}",
        lambda: driver.row(customer_id)["credit_balance"] == balance or None,
        timeout_seconds=10,
        interval_seconds=0.02,
    )


def test_running_service_processes_what_it_accepts(driver, platform, sign):
    customer_id = driver.pro()
    with TestClient(build_app(platform)) as http:
        driver.http = http
        driver.send(PAID, driver.invoice(customer_id))
        balance_becomes(driver, customer_id, 70)


def test_an_instance_that_processes_no_webhooks_is_healthy_and_leaves_them_to_another(driver, platform):
    customer_id = driver.pro()
    idle = dataclasses.replace(
        platform, settings=dataclasses.replace(platform.settings, process_webhooks=False)
    )
    with TestClient(build_app(idle)) as http:
        driver.http = http
        driver.send(PAID, driver.invoice(customer_id))
        assert http.get("/api/health").status_code == 200
    assert len(waits(driver)) == 1
    driver.drain()
    assert driver.row(customer_id)["credit_balance"] == 70


def test_starting_service_processes_what_a_former_one_left(driver, platform):
    customer_id = driver.pro()
    driver.send(PAID, driver.invoice(customer_id))
    worker = WebhookWorker(platform)

    worker.start()
    balance_becomes(driver, customer_id, 70)
    assert worker.alive
    worker.stop()

    assert not worker.alive


def test_passing_fault_postpones_the_event_and_changes_nothing(driver, settings, platform):
    customer_id = driver.pro()
    driver.send(PAID, driver.invoice(customer_id))
    hurried = dataclasses.replace(platform, database=HurriedDatabase(settings.database_url))
    with connect(settings.database_url) as blocker, blocker.transaction():
        lock_customer(blocker, customer_id)
        assert WebhookWorker(hurried).work_once()
    hurried.database.close()

    assert waits(driver) == [{"attempts": 1, "later": True}]
    assert driver.sql("SELECT 1 FROM billing_events") == []
    driver.sql("UPDATE webhook_queue SET available_at = now() AT TIME ZONE 'UTC'")
    driver.drain()
    assert driver.row(customer_id)["credit_balance"] == 70


def test_refused_value_is_recorded_as_a_failure(driver):
    customer_id = driver.pro()

    event = driver.apply(PAID, driver.invoice(customer_id, amount_due=2**40))

    assert driver.event(event)["metadata"]["reason"] == "database: NumericValueOutOfRange (22003)"
    assert driver.row(customer_id)["credit_balance"] == 10
    assert driver.sql("SELECT 1 FROM webhook_queue") == []


def test_broken_queue_is_reported(driver, monkeypatch):
    monkeypatch.setattr(queue, "_TAKE", "SELECT * FROM missing")

    with pytest.raises(psycopg.errors.UndefinedTable):
        driver.worker.work_once()


def test_database_that_is_away_is_reported(driver, broken_database):
    with pytest.raises(psycopg.OperationalError):
        driver.worker.work_once()


def test_running_worker_outlives_a_database_that_is_away(driver, platform, monkeypatch, caplog):
    customer_id = driver.pro()
    driver.send(PAID, driver.invoice(customer_id))
    real, failures = WebhookWorker.work_once, iter([True, True])

    def fails_at_first(worker):
        if next(failures, False):
            worker.wake()
            raise psycopg.OperationalError("away")
        return real(worker)

    monkeypatch.setattr(WebhookWorker, "work_once", fails_at_first)
    worker = WebhookWorker(platform)
    worker.start()
    balance_becomes(driver, customer_id, 70)
    worker.stop()

    assert "tried again" in caplog.text
