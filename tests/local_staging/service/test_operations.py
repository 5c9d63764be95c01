from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

DECLINED = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}


def at_once(times, action):
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _: action(), range(times)))


class TestSummary:
    def test_shows_balance_flags_and_the_last_ten_transactions_newest_first(self, driver):
        customer_id = driver.with_card()
        for number in range(9):
            driver.post(customer_id, "fixes", fix_id=f"fix-{number}")

        answer = driver.http.get(f"/internal/customers/{customer_id}/summary").json()

        transactions = answer.pop("transactions")
        row = driver.row(customer_id)
        assert answer == {
            "customer_id": customer_id,
            "email": row["email"],
            "credit_balance": 1,
            "subscription_type": "pay_as_you_go",
            "subscription_state": None,
            "has_payment_method": True,
            "subscription_cancel_at_period_end": False,
            "stripe_customer_id": row["stripe_customer_id"],
            "stripe_subscription_id": None,
        }
        assert [entry["balance_after"] for entry in transactions] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
        assert transactions[0]["metadata"] == {"fix_id": "fix-8"}
        assert transactions[0]["inserted_at"].endswith("Z")

    @pytest.mark.parametrize("customer_id", ["999999", "99999999999999999999999", "nobody"])
    def test_unknown_customer_is_404(self, driver, customer_id):
        answer = driver.http.get(f"/internal/customers/{customer_id}/summary")

        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"

    @pytest.mark.parametrize(
        ("operation", "body"),
        [
            ("payment-method", {"payment_method": "pm_card_visa", "consent": True}),
            ("subscribe", {}),
            ("cancel", {"at_period_end": True}),
            ("fixes", {"fix_id": "fix-1"}),
        ],
    )
    def test_operations_on_an_unknown_customer_are_404(self, driver, operation, body):
        assert driver.post(999_999, operation, **body)[0] == 404

    @pytest.mark.parametrize(
        ("operation", "body"),
        [
            ("payment-method", {"consent": True}),
            ("payment-method", {"payment_method": "pm_card_visa", "consent": "yes"}),
            ("cancel", {}),
            ("fixes", {}),
            ("fixes", {"fix_id": ""}),
        ],
    )
    def test_wrong_bodies_are_422(self, driver, operation, body):
        status, answer = driver.post(driver.customer_id(), operation, **body)

        assert (status, answer["error"]["code"]) == (422, "VALIDATION_FAILED")


class TestPaymentMethod:
    def test_brings_five_credits_and_pay_as_you_go(self, driver, stripe):
        customer_id = driver.customer_id()

        status, answer = driver.post(
            customer_id, "payment-method", payment_method="pm_card_visa", consent=True
        )

        assert (status, answer["credit_balance"], answer["has_payment_method"]) == (200, 10, True)
        row = driver.row(customer_id)
        assert (row["subscription_type"], row["billing_consent_given"]) == ("pay_as_you_go", True)
        assert row["billing_consent_at"] == row["payment_method_added_at"] != None  # noqa: E711
        assert row["stripe_payment_method_id"].startswith("pm_")
        assert row["trial_fixes_limit"] == 10
        assert driver.ledger(customer_id) == [(5, "trial_signup", 5), (5, "trial_billing_added", 10)]
        default = stripe.called(f"/v1/customers/{row['stripe_customer_id']}")[0]
        assert default["invoice_settings[default_payment_method]"] == row["stripe_payment_method_id"]

    @pytest.mark.parametrize("body", [{"consent": False}, {}])
    def test_without_consent_nothing_changes(self, driver, stripe, body):
        customer_id = driver.customer_id()
        before = driver.row(customer_id)

        status, answer = driver.post(customer_id, "payment-method", payment_method="pm_card_visa", **body)

        assert (status, answer["error"]["code"]) == (422, "billing_consent_required")
        assert driver.row(customer_id) == before
        assert stripe.called("attach") == []

    def test_second_card_replaces_the_first_without_a_second_bonus(self, driver):
        customer_id = driver.with_card()
        first = driver.row(customer_id)["stripe_payment_method_id"]

        driver.post(customer_id, "payment-method", payment_method="pm_card_mastercard", consent=True)

        row = driver.row(customer_id)
        assert row["stripe_payment_method_id"] != first
        assert (row["credit_balance"], row["trial_fixes_limit"]) == (10, 10)

    def test_many_at_once_bring_one_bonus(self, driver):
        customer_id = driver.customer_id()

        answers = at_once(
            6,
            lambda: driver.post(customer_id, "payment-method", payment_method="pm_card_visa", consent=True)[
                0
            ],
        )

        assert answers == [200] * 6
        assert driver.ledger(customer_id) == [(5, "trial_signup", 5), (5, "trial_billing_added", 10)]

    def test_pro_stays_pro(self, driver):
        customer_id = driver.pro()

        driver.post(customer_id, "payment-method", payment_method="pm_card_visa", consent=True)

        assert driver.row(customer_id)["subscription_type"] == "pro"

    def test_declined_card_changes_nothing(self, driver, stripe):
        customer_id = driver.customer_id()
        stripe.fail("attach", 402, **DECLINED)

        status, answer = driver.post(customer_id, "payment-method", payment_method="pm_bad", consent=True)

        assert (status, answer["error"]["code"]) == (402, "card_declined")
        assert driver.row(customer_id)["credit_balance"] == 5

    def test_unknown_payment_method_is_refused_with_stripes_reason(self, driver, stripe):
        stripe.fail("attach", 400, type="invalid_request_error", message="No such PaymentMethod: 'pm_x'")

        status, answer = driver.post(
            driver.customer_id(), "payment-method", payment_method="pm_x", consent=True
        )

        assert (status, answer["error"]["code"]) == (422, "stripe_refused")
        assert "No such PaymentMethod" in answer["error"]["message"]

    def test_customer_without_a_stripe_customer_is_refused(self, driver):
        customer_id = driver.customer_id()
        driver.sql("UPDATE customers SET stripe_customer_id = NULL WHERE id = %s", customer_id)

        status, answer = driver.post(customer_id, "payment-method", payment_method="pm_x", consent=True)

        assert (status, answer["error"]["code"]) == (422, "no_stripe_customer")


class TestSubscribe:
    def test_makes_the_customer_pro(self, driver, stripe):
        customer_id = driver.with_card()

        status, answer = driver.post(customer_id, "subscribe")

        assert (status, answer["subscription_type"], answer["subscription_state"]) == (200, "pro", "active")
        assert answer["credit_balance"] == 10
        call = stripe.called("/v1/subscriptions")[0]
        assert (call["items[0][price]"], call["metadata[customer_id]"]) == ("price_pro", str(customer_id))
        rows = driver.sql("SELECT * FROM subscriptions WHERE customer_id = %s", customer_id)
        assert [(row["plan"], row["status"], row["cancel_at_period_end"]) for row in rows] == [
            ("pro", "active", False)
        ]
        assert rows[0]["current_period_end"] > rows[0]["current_period_start"]
        labels = {"customer_id": customer_id, "plan": "pro"}
        assert driver.metric("subscription_created_total", **labels, status="success") == 1
        assert driver.metric("subscription_created_duration_milliseconds_count", **labels) == 1
        assert driver.metric("active_subscriptions", plan="pro") == 1

    def test_without_a_card_is_refused(self, driver, stripe):
        status, answer = driver.post(driver.customer_id(), "subscribe")

        assert (status, answer["error"]["code"]) == (422, "no_payment_method")
        assert stripe.called("/v1/subscriptions") == []

    def test_twice_at_once_makes_one_subscription(self, driver, stripe):
        customer_id = driver.with_card()

        answers = at_once(2, lambda: driver.post(customer_id, "subscribe"))

        assert sorted(status for status, _ in answers) == [200, 409]
        assert len(stripe.called("/v1/subscriptions")) == 1

    def test_declined_first_payment_leaves_no_subscription(self, driver, stripe):
        customer_id = driver.with_card()
        stripe.fail("/v1/subscriptions", 402, **DECLINED)

        status, answer = driver.post(customer_id, "subscribe")

        assert (status, answer["error"]["code"]) == (402, "card_declined")
        assert driver.row(customer_id)["subscription_type"] == "pay_as_you_go"
        labels = {"customer_id": customer_id, "plan": "pro", "status": "failed"}
        assert driver.metric("subscription_created_total", **labels) == 1

    def test_stripe_away_is_503(self, driver, stripe):
        customer_id = driver.with_card()
        stripe.fail("/v1/subscriptions", 500, message="down")

        status, answer = driver.post(customer_id, "subscribe")

        assert (status, answer["error"]["code"]) == (503, "stripe_unavailable")


class TestCancel:
    def test_now(self, driver, stripe):
        customer_id = driver.pro()

        status, answer = driver.post(customer_id, "cancel", at_period_end=False)

        assert (status, answer["subscription_type"], answer["subscription_state"]) == (
            200,
            "pay_as_you_go",
            "canceled",
        )
        assert answer["credit_balance"] == 10
        assert len(stripe.called("DELETE /v1/subscriptions/")) == 1
        assert driver.sql("SELECT status FROM subscriptions") == [{"status": "canceled"}]

    def test_at_period_end(self, driver):
        customer_id = driver.pro()

        status, answer = driver.post(customer_id, "cancel", at_period_end=True)

        assert (status, answer["subscription_type"], answer["subscription_state"]) == (200, "pro", "active")
        assert answer["subscription_cancel_at_period_end"] is True
        assert driver.sql("SELECT cancel_at_period_end AS flag FROM subscriptions") == [{"flag": True}]

    @pytest.mark.parametrize("at_period_end", [True, False])
    def test_without_a_subscription_is_refused(self, driver, at_period_end):
        status, answer = driver.post(driver.with_card(), "cancel", at_period_end=at_period_end)

        assert (status, answer["error"]["code"]) == (422, "no_active_subscription")

    def test_twice_is_refused(self, driver):
        customer_id = driver.pro()
        driver.post(customer_id, "cancel", at_period_end=False)

        assert driver.post(customer_id, "cancel", at_period_end=False)[0] == 422


class TestFixes:
    def test_consumes_a_credit(self, driver, stripe):
        customer_id = driver.customer_id()

        status, answer = driver.post(customer_id, "fixes", fix_id="fix-1")

        assert (status, answer["credit_balance"]) == (200, 4)
        assert driver.ledger(customer_id)[-1] == (-1, "fix_deployed", 4)
        assert driver.row(customer_id)["trial_fixes_used"] == 1
        assert stripe.called("payment_intents") == []
        labels = {"customer_id": customer_id, "plan": "trial"}
        assert driver.metric("credits_consumed_total", **labels) == 1
        assert driver.metric("usage_tracked_quantity_sum", **labels, resource_type="fix") == 1

    def test_same_fix_is_billed_once(self, driver):
        customer_id = driver.customer_id()

        answers = [driver.post(customer_id, "fixes", fix_id="fix-1") for _ in range(2)]

        assert [status for status, _ in answers] == [200, 200]
        assert driver.row(customer_id)["credit_balance"] == 4

    def test_same_fix_many_times_at_once_is_billed_once(self, driver):
        customer_id = driver.customer_id()

        at_once(6, lambda: driver.post(customer_id, "fixes", fix_id="fix-1"))

        assert driver.ledger(customer_id) == [(5, "trial_signup", 5), (-1, "fix_deployed", 4)]

    def test_different_fixes_at_once_spend_no_credit_twice(self, driver):
        customer_id = driver.customer_id()
        fixes = iter(range(8))

        statuses = at_once(8, lambda: driver.post(customer_id, "fixes", fix_id=f"fix-{next(fixes)}")[0])

        assert sorted(statuses) == [200] * 5 + [402] * 3
        assert [balance for _, _, balance in driver.ledger(customer_id)] == [5, 4, 3, 2, 1, 0]
        assert driver.row(customer_id)["trial_expired_at"] is not None

    def test_without_credits_and_card_nothing_changes(self, driver, stripe):
        customer_id = driver.customer_id()
        driver.spend_all(customer_id)
        before = driver.row(customer_id), driver.ledger(customer_id)

        status, answer = driver.post(customer_id, "fixes", fix_id="fix-1")

        assert (status, answer["error"]["code"]) == (402, "no_billing_info")
        assert (driver.row(customer_id), driver.ledger(customer_id)) == before
        assert stripe.called("payment_intents") == []

    @pytest.mark.parametrize(("plan", "cents"), [("pay_as_you_go", 2_900), ("pro", 1_500)])
    def test_beyond_the_balance_is_charged(self, driver, stripe, plan, cents):
        customer_id = driver.pro() if plan == "pro" else driver.with_card()
        driver.spend_all(customer_id)

        status, answer = driver.post(customer_id, "fixes", fix_id="fix-1")

        assert (status, answer["credit_balance"]) == (200, 0)
        charge = stripe.called("/v1/payment_intents")[0]
        assert (charge["amount"], charge["confirm"], charge["off_session"]) == (str(cents), "true", "true")
        assert charge["metadata[customer_id]"] == str(customer_id)
        assert driver.ledger(customer_id)[-2:] == [(1, "purchased", 1), (-1, "fix_deployed", 0)]
        assert answer["transactions"][1]["metadata"]["amount_cents"] == cents
        labels = {"customer_id": customer_id, "status": "success", "payment_method": "card"}
        assert driver.metric("payment_processed_amount_cents_sum", **labels) == cents
        assert driver.row(customer_id)["fixes_used_this_month"] == (1 if plan == "pro" else 0)

    def test_charged_fix_reported_many_times_at_once_is_charged_once(self, driver, stripe):
        customer_id = driver.with_card()
        driver.spend_all(customer_id)

        at_once(4, lambda: driver.post(customer_id, "fixes", fix_id="fix-1"))

        assert len(stripe.called("/v1/payment_intents")) == 1

    def test_charge_whose_row_was_lost_is_not_made_again(self, driver, stripe):
        customer_id = driver.with_card()
        driver.spend_all(customer_id)
        driver.post(customer_id, "fixes", fix_id="fix-1")
        driver.sql("DELETE FROM credit_transactions WHERE customer_id = %s", customer_id)

        driver.post(customer_id, "fixes", fix_id="fix-1")

        keys = [key for _, path, _, key in stripe.calls if path == "/v1/payment_intents"]
        assert len(keys) == 2
        assert keys[0] == keys[1]

    def test_declined_charge_changes_nothing_and_is_counted(self, driver, stripe):
        customer_id = driver.with_card()
        driver.spend_all(customer_id)
        stripe.fail("payment_intents", 402, **DECLINED)

        status, answer = driver.post(customer_id, "fixes", fix_id="fix-1")

        assert (status, answer["error"]["code"]) == (402, "card_declined")
        assert driver.row(customer_id)["credit_balance"] == 0
        labels = {"customer_id": customer_id, "status": "failed", "payment_method": "card"}
        assert driver.metric("payment_processed_total", **labels) == 1
        assert driver.metric("payment_processed_amount_cents_count", **labels) is None

    def test_payment_that_is_not_finished_counts_as_declined(self, driver, stripe):
        customer_id = driver.with_card()
        driver.spend_all(customer_id)
        stripe.overrides["payment_intents"] = {"status": "requires_action"}

        status, answer = driver.post(customer_id, "fixes", fix_id="fix-1")

        assert (status, answer["error"]["code"]) == (402, "card_declined")
