"""The rows that the load left, read from a real database."""

from __future__ import annotations

import pytest

from staging_validation.clients import postgres
from staging_validation.clients.load_records import LoadRecords
from staging_validation.clients.postgres import connect
from staging_validation.errors import ServiceUnreachableError
from staging_validation.load.effects import CreditRow, CustomerRow, EventRow
from staging_validation.load.events import Member

_FILL = """
INSERT INTO customers (id, name, email, stripe_customer_id, subscription_state, credit_balance, inserted_at, updated_at)
VALUES (1, 'A', 'load-r-1@test.example.com', 'cus_1', 'active', 65, now(), now()),
       (2, 'B', 'load-r-2@test.example.com', NULL, NULL, 5, now(), now()),
       (3, 'C', 'somebody@test.example.com', 'cus_3', NULL, 0, now(), now());
INSERT INTO api_keys (key_hash, customer_id, inserted_at, updated_at)
VALUES ('a', 1, now(), now()), ('b', 2, now(), now()), ('c', 2, now(), now());
INSERT INTO credit_transactions (id, customer_id, amount, balance_after, source, metadata, inserted_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000001', 1, 5, 5, 'trial_signup', '{}', now(), now()),
       ('00000000-0000-0000-0000-000000000002', 1, 60, 65, 'pro_subscription_payment',
        '{"stripe_invoice_id": "in_1"}', now(), now()),
       ('00000000-0000-0000-0000-000000000003', 3, 5, 5, 'trial_signup', '{}', now(), now());
INSERT INTO billing_events (id, customer_id, stripe_event_id, event_type, amount_cents, inserted_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000004', 1, 'evt_1', 'invoice.payment_succeeded', 59900, now(), now()),
       ('00000000-0000-0000-0000-000000000005', NULL, 'evt_2', 'customer.updated', NULL, now(), now());
"""
EMAILS = ["load-r-1@test.example.com", "load-r-2@test.example.com", "load-r-3@test.example.com"]


def test_a_table_that_somebody_keeps_locked_ends_the_look(connection, settings, monkeypatch):
    monkeypatch.setattr(postgres, "LOOK_SECONDS", 0.2)
    with connect(settings) as opened, connection.transaction():
        connection.execute("LOCK TABLE billing_events")
        with pytest.raises(ServiceUnreachableError, match=r"no answer within 0\.2 s"):
            LoadRecords(opened).count_recorded(["evt_1"])


def test_it_reads_what_belongs_to_the_addresses_and_events_asked_for(connection, settings):
    connection.execute(_FILL)
    with connect(settings) as opened:
        records = LoadRecords(opened)
        assert records.members(EMAILS) == [Member(1, EMAILS[0], "cus_1")]
        assert records.count_recorded(["evt_1", "evt_2", "evt_3"]) == 2
        found = records.found(EMAILS, ["evt_1", "evt_3"])
    assert found.customers == [
        CustomerRow(1, EMAILS[0], 65, "active", "cus_1", 1),
        CustomerRow(2, EMAILS[1], 5, None, None, 2),
    ]
    assert found.credits == [
        CreditRow(1, 5, "trial_signup", None),
        CreditRow(1, 60, "pro_subscription_payment", "in_1"),
    ]
    assert found.events == [EventRow("evt_1", "invoice.payment_succeeded", 1, 59_900)]


def test_nothing_asked_for_is_nothing_read(connection, settings):
    with connect(settings) as opened:
        found = LoadRecords(opened).found([], [])
    assert (found.customers, found.credits, found.events) == ([], [], [])
