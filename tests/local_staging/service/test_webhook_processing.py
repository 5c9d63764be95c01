from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from local_staging.service.webhooks.worker import WebhookWorker

PAID = "invoice.payment_succeeded"
FAILED = "invoice.payment_failed"
CREATED = "customer.subscription.created"
UPDATED = "customer.subscription.updated"
DELETED = "customer.subscription.deleted"


def state(driver, customer_id):
    row = driver.row(customer_id)
    return row["subscription_type"], row["subscription_state"], row["subscription_cancel_at_period_end"]


class TestInvoicePaid:
    def test_brings_sixty_credits(self, driver):
        customer_id = driver.pro()
        invoice = driver.invoice(customer_id)

        event = driver.apply(PAID, invoice)

        assert driver.ledger(customer_id)[-1] == (60, "pro_subscription_payment", 70)
        row = driver.event(event)
        assert (row["customer_id"], row["amount_cents"]) == (customer_id, 59_900)
        assert row["metadata"]["status"] == "processed"
        transaction = driver.http.get(f"/internal/customers/{customer_id}/summary").json()["transactions"][0]
        assert transaction["metadata"] == {"stripe_invoice_id": invoice["id"], "amount_cents": 59_900}
        labels = {"customer_id": customer_id, "plan": "pro"}
        assert driver.metric("invoice_paid_amount_cents_sum", **labels) == 59_900
        paid = {"customer_id": customer_id, "status": "success", "payment_method": "card"}
        assert driver.metric("payment_processed_total", **paid) == 1
        assert driver.sql("SELECT 1 FROM webhook_queue") == []

    def test_renewal_resets_the_quota_and_carries_the_rest_over(self, driver):
        customer_id = driver.pro()

        driver.apply(PAID, driver.invoice(customer_id, billing_reason="subscription_cycle"))

        row = driver.row(customer_id)
        assert (row["fixes_quota_this_month"], row["fixes_used_this_month"], row["rollover_fixes"]) == (
            60,
            0,
            10,
        )
        labels = {"customer_id": customer_id, "plan": "pro", "status": "success"}
        assert driver.metric("subscription_renewed_total", **labels) == 1

    def test_for_something_else_brings_none(self, driver):
        customer_id = driver.with_card()

        event = driver.apply(PAID, driver.invoice(customer_id, price="price_other"))

        assert driver.row(customer_id)["credit_balance"] == 10
        assert driver.event(event)["metadata"]["credited"] is False

    @pytest.mark.parametrize(
        "lines", [{"data": []}, {"data": [{"pricing": None}]}, {"data": [{"pricing": {}}]}]
    )
    def test_without_a_price_brings_none(self, driver, lines):
        customer_id = driver.customer_id()

        driver.apply(PAID, driver.invoice(customer_id, lines=lines, amount_due=0, amount_paid=0))

        assert driver.row(customer_id)["credit_balance"] == 5

    def test_amount_is_what_was_paid_when_nothing_was_due(self, driver):
        event = driver.apply(PAID, driver.invoice(driver.pro(), amount_due=0, amount_paid=700))

        assert driver.event(event)["amount_cents"] == 700

    def test_ends_a_debt(self, driver):
        customer_id = driver.pro()
        driver.apply(FAILED, driver.invoice(customer_id), created=10)

        driver.apply(PAID, driver.invoice(customer_id), created=20)

        assert state(driver, customer_id) == ("pro", "active", False)
        assert driver.sql("SELECT status FROM subscriptions") == [{"status": "active"}]

    def test_same_event_again_changes_nothing(self, driver):
        customer_id = driver.pro()
        invoice = driver.invoice(customer_id)

        for _ in range(2):
            driver.apply(PAID, invoice, id="evt_same")

        assert driver.row(customer_id)["credit_balance"] == 70

    def test_same_event_many_times_at_once_has_one_effect(self, driver, platform):
        customer_id = driver.pro()
        invoice = driver.invoice(customer_id)
        for _ in range(8):
            driver.send(PAID, invoice, id="evt_same")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: WebhookWorker(platform).work_once(), range(8)))
        driver.drain()

        assert driver.row(customer_id)["credit_balance"] == 70
        assert driver.sql("SELECT count(*) AS found FROM billing_events") == [{"found": 1}]

    def test_another_event_about_the_same_invoice_brings_no_more(self, driver):
        customer_id = driver.pro()
        invoice = driver.invoice(customer_id)

        for _ in range(2):
            driver.apply(PAID, invoice)

        assert driver.row(customer_id)["credit_balance"] == 70


class TestInvoiceFailed:
    def test_makes_the_subscription_past_due_and_keeps_the_credits(self, driver, stripe):
        customer_id = driver.pro()
        intent = {"last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds"}}
        stripe.overrides["GET /v1/payment_intents"] = {"data": [{"object": "payment_intent", **intent}]}

        event = driver.apply(
            FAILED, driver.invoice(customer_id, amount_paid=0, billing_reason="subscription_cycle")
        )

        assert state(driver, customer_id) == ("pro", "past_due", False)
        assert driver.row(customer_id)["credit_balance"] == 10
        assert driver.event(event)["amount_cents"] == 59_900
        labels = {"customer_id": customer_id, "failure_code": "insufficient_funds"}
        assert driver.metric("invoice_failed_total", **labels) == 1
        labels = {"customer_id": customer_id, "status": "failed", "payment_method": "card"}
        assert driver.metric("payment_processed_total", **labels) == 1
        labels = {"customer_id": customer_id, "plan": "pro", "status": "failed"}
        assert driver.metric("subscription_renewed_total", **labels) == 1

    @pytest.mark.parametrize("stripe_is", ["silent", "away"])
    def test_reason_is_unknown_when_stripe_does_not_say(self, driver, stripe, stripe_is):
        customer_id = driver.pro()
        if stripe_is == "away":
            stripe.fail("GET /v1/payment_intents", 500, message="down")

        driver.apply(FAILED, driver.invoice(customer_id))

        labels = {"customer_id": customer_id, "failure_code": "unknown"}
        assert driver.metric("invoice_failed_total", **labels) == 1

    def test_of_a_customer_without_a_subscription_changes_no_state(self, driver):
        customer_id = driver.with_card()

        driver.apply(FAILED, driver.invoice(customer_id))

        assert state(driver, customer_id) == ("pay_as_you_go", None, False)


class TestSubscriptionEvents:
    def test_created_makes_the_customer_pro(self, driver):
        customer_id = driver.with_card()

        driver.apply(CREATED, driver.subscription(customer_id))

        assert state(driver, customer_id) == ("pro", "active", False)
        assert driver.row(customer_id)["stripe_subscription_id"] == f"sub_of_{customer_id}"
        assert [row["plan"] for row in driver.sql("SELECT plan FROM subscriptions")] == ["pro"]

    def test_updated_brings_state_flag_and_period(self, driver):
        customer_id = driver.pro()
        later = {"data": [{"current_period_start": 1_792_592_000, "current_period_end": 1_795_270_400}]}

        driver.apply(
            UPDATED,
            driver.subscription(customer_id, status="past_due", cancel_at_period_end=True, items=later),
            created=10,
        )

        assert state(driver, customer_id) == ("pro", "past_due", True)
        row = driver.sql("SELECT * FROM subscriptions")[0]
        assert (row["status"], row["cancel_at_period_end"]) == ("past_due", True)
        assert row["current_period_end"].timestamp() > row["current_period_start"].timestamp()
        driver.apply(UPDATED, driver.subscription(customer_id), created=20)
        assert state(driver, customer_id) == ("pro", "active", False)

    def test_updated_without_items_keeps_the_period(self, driver):
        customer_id = driver.pro()
        before = driver.sql("SELECT current_period_end AS ends FROM subscriptions")

        driver.apply(UPDATED, driver.subscription(customer_id, items={"data": []}))

        assert driver.sql("SELECT current_period_end AS ends FROM subscriptions") == before

    @pytest.mark.parametrize(
        ("reason", "counted"),
        [("payment_failed", "payment_failure"), ("cancellation_requested", "customer_request")],
    )
    def test_deleted_makes_the_customer_pay_as_you_go(self, driver, reason, counted):
        customer_id = driver.pro()

        driver.apply(
            DELETED,
            driver.subscription(customer_id, status="canceled", cancellation_details={"reason": reason}),
        )

        assert state(driver, customer_id) == ("pay_as_you_go", None, False)
        row = driver.row(customer_id)
        assert (row["stripe_subscription_id"], row["credit_balance"]) == (None, 10)
        labels = {"customer_id": customer_id, "plan": "pro", "reason": counted}
        assert driver.metric("subscription_cancelled_total", **labels) == 1

    def test_deleted_follows_a_cancellation_now(self, driver):
        customer_id = driver.pro()
        subscription = driver.subscription(customer_id, status="canceled")
        driver.post(customer_id, "cancel", at_period_end=False)

        driver.apply(DELETED, subscription)

        assert state(driver, customer_id) == ("pay_as_you_go", None, False)

    @pytest.mark.parametrize(("theirs", "ours"), [("trialing", "active"), ("incomplete", "unpaid")])
    def test_statuses_that_the_platform_lacks_are_told_by_the_nearest(self, driver, theirs, ours):
        customer_id = driver.pro()

        driver.apply(UPDATED, driver.subscription(customer_id, status=theirs))

        assert state(driver, customer_id)[1] == ours


class TestDisorder:
    def test_updated_after_deleted_does_not_revive(self, driver):
        customer_id = driver.pro()
        subscription = driver.subscription(customer_id)
        driver.apply(DELETED, {**subscription, "status": "canceled"}, created=20)

        event = driver.apply(UPDATED, subscription, created=19)

        assert state(driver, customer_id) == ("pay_as_you_go", None, False)
        assert driver.event(event)["metadata"]["superseded"] is True
        assert driver.sql("SELECT status FROM subscriptions") == [{"status": "canceled"}]

    @pytest.mark.parametrize("late", [CREATED, UPDATED])
    def test_deleted_is_the_last_of_its_second(self, driver, late):
        customer_id = driver.pro()
        subscription = driver.subscription(customer_id)
        driver.apply(DELETED, {**subscription, "status": "canceled"}, created=20)

        driver.apply(late, subscription, created=20)

        assert state(driver, customer_id) == ("pay_as_you_go", None, False)

    def test_older_update_does_not_undo_a_newer_one(self, driver):
        customer_id = driver.pro()
        driver.apply(UPDATED, driver.subscription(customer_id, cancel_at_period_end=True), created=20)

        driver.apply(UPDATED, driver.subscription(customer_id, status="past_due"), created=10)

        assert state(driver, customer_id) == ("pro", "active", True)

    def test_created_after_updated_keeps_the_newer_state(self, driver):
        customer_id = driver.with_card()
        driver.apply(UPDATED, driver.subscription(customer_id, status="past_due"), created=20)

        driver.apply(CREATED, driver.subscription(customer_id), created=20)

        assert state(driver, customer_id) == ("pro", "past_due", False)
        assert driver.sql("SELECT status FROM subscriptions") == [{"status": "past_due"}]

    def test_late_paid_invoice_is_credited_and_revives_nothing(self, driver):
        customer_id = driver.pro()
        invoice = driver.invoice(customer_id)
        driver.apply(DELETED, driver.subscription(customer_id, status="canceled"), created=20)

        driver.apply(PAID, invoice, created=10)

        assert state(driver, customer_id) == ("pay_as_you_go", None, False)
        assert driver.row(customer_id)["credit_balance"] == 70

    def test_late_failed_invoice_does_not_undo_its_payment(self, driver):
        customer_id = driver.pro()
        driver.apply(PAID, driver.invoice(customer_id), created=20)

        driver.apply(FAILED, driver.invoice(customer_id), created=10)

        assert state(driver, customer_id) == ("pro", "active", False)

    def test_late_update_from_before_the_payment_brings_its_flag_not_its_state(self, driver):
        customer_id = driver.pro()
        driver.apply(PAID, driver.invoice(customer_id), created=20)

        driver.apply(
            UPDATED,
            driver.subscription(customer_id, status="past_due", cancel_at_period_end=True),
            created=10,
        )

        assert state(driver, customer_id) == ("pro", "active", True)

    def test_end_of_a_former_subscription_does_not_end_the_new_one(self, driver):
        customer_id = driver.pro()
        former = driver.subscription(customer_id, status="canceled")
        driver.post(customer_id, "cancel", at_period_end=False)
        driver.post(customer_id, "subscribe")

        driver.apply(UPDATED, {**former, "status": "past_due"}, created=10)
        driver.apply(DELETED, former, created=20)

        assert state(driver, customer_id) == ("pro", "active", False)
        rows = driver.sql("SELECT status FROM subscriptions ORDER BY id")
        assert [row["status"] for row in rows] == ["canceled", "active"]

    def test_new_subscription_in_the_second_of_the_former_ones_end_begins(self, driver):
        customer_id = driver.pro()
        former = driver.subscription(customer_id, status="canceled")
        driver.apply(DELETED, former, created=20)

        driver.apply(CREATED, {**former, "id": "sub_next", "status": "active"}, created=20)

        assert state(driver, customer_id) == ("pro", "active", False)
        assert driver.row(customer_id)["stripe_subscription_id"] == "sub_next"

    def test_late_beginning_of_a_former_subscription_does_not_replace_the_new_one(self, driver):
        customer_id = driver.with_card()
        driver.apply(CREATED, {**driver.subscription(customer_id), "id": "sub_next"}, created=20)

        driver.apply(CREATED, {**driver.subscription(customer_id), "id": "sub_former"}, created=10)

        assert driver.row(customer_id)["stripe_subscription_id"] == "sub_next"


class TestStrangers:
    @pytest.mark.parametrize("event_type", [PAID, FAILED, CREATED, UPDATED, DELETED])
    def test_unknown_customer_is_recorded_as_a_failure(self, driver, event_type):
        event = driver.apply(event_type, {"id": "sub_1", "customer": "cus_nobody", "status": "active"})

        row = driver.event(event)
        assert row["customer_id"] is None
        assert (row["metadata"]["status"], row["metadata"]["reason"]) == ("failed", "unknown_customer")

    def test_unknown_event_type_is_recorded_as_ignored(self, driver):
        event = driver.apply("invoice.upcoming", {"id": "in_1"})

        assert driver.event(event)["metadata"]["status"] == "ignored"

    @pytest.mark.parametrize(
        "about",
        [
            lambda stripe_id: {"object": "customer", "id": stripe_id},
            lambda stripe_id: {"customer": stripe_id},
        ],
    )
    def test_ignored_event_still_names_its_customer(self, driver, about):
        customer_id = driver.customer_id()

        event = driver.apply("customer.updated", about(driver.row(customer_id)["stripe_customer_id"]))

        assert driver.event(event)["customer_id"] == customer_id

    def test_object_that_lacks_its_fields_is_recorded_as_a_failure(self, driver):
        customer_id = driver.pro()

        event = driver.apply(UPDATED, {"customer": driver.row(customer_id)["stripe_customer_id"]})

        assert driver.event(event)["metadata"]["reason"].startswith("malformed: id")
        assert state(driver, customer_id) == ("pro", "active", False)

    def test_deleted_customer_leaves_the_event_ids(self, driver):
        customer_id = driver.pro()
        event = driver.apply(PAID, driver.invoice(customer_id))
        driver.sql("DELETE FROM customers WHERE id = %s", customer_id)

        assert driver.event(event)["customer_id"] is None
