"""W17, the ten states: what each test customer promises holds through API, database and Stripe.

The customers belong to everybody who works with staging: they are looked at, and nothing is changed. Those with a
subscription live on test clocks, where their time stands still: Stripe's own subscription and invoices are real.
"""

from __future__ import annotations

from collections.abc import Sequence

from staging_validation.workflows import SEEDED_CUSTOMERS, SET, Customer, Row, Scenario, Workflow, step

PAYG: Row = {"subscription_type": "pay_as_you_go", "subscription_state": None}
PRO: Row = {"subscription_type": "pro", "subscription_state": "active"}
RUNNING: Row = {"plan": "pro", "status": "active", "cancel_at_period_end": False}

PRICE: Row = {
    "unit_amount": 59_900,
    "currency": "usd",
    "recurring": {"interval": "month", "interval_count": 1},
}
PAID: Row = {"status": "paid", "amount_paid": 59_900, "amount_remaining": 0}
FAILED: Row = {"status": "open", "attempted": True, "amount_paid": 0, "amount_remaining": 59_900}


class TenStates(Scenario):
    """Ten customers, as the reset left them."""

    @step
    def trial_credits(self) -> None:
        """A new trial has five credits and no card."""
        self._holds("trial-new", {"subscription_type": "trial", "subscription_state": None}, 5, card=False)

    @step
    def billing_added(self) -> None:
        """A trial that added a card has ten credits and pays as it goes."""
        self._holds("trial-billing", PAYG, 10)

    @step
    def trial_expired(self) -> None:
        """An expired trial has no credits and no card."""
        customer = self._holds(
            "trial-expired", {"subscription_type": "trial", "subscription_state": None}, 0, card=False
        )
        self.expect.customer(customer, trial_expired_at=SET, trial_fixes_used=5, trial_fixes_limit=5)

    @step
    def payg_active(self) -> None:
        """Who pays as they go has a card and no credits."""
        self._holds("payg", PAYG, 0)

    @step
    def pro_active(self) -> None:
        """Pro has sixty credits and a running subscription."""
        self._holds("pro", PRO, 60, RUNNING)

    @step
    def pro_partial_usage(self) -> None:
        """Pro in the middle of a period has used fifteen of sixty credits."""
        customer = self._holds("pro-partial", PRO, 45, RUNNING)
        self.expect.customer(customer, fixes_quota_this_month=60, fixes_used_this_month=15)

    @step
    def pro_past_due(self) -> None:
        """Past due keeps its credits; the renewal really failed, and its invoice is open."""
        past_due = {**RUNNING, "status": "past_due"}
        pro_past_due: Row = {"subscription_type": "pro", "subscription_state": "past_due"}
        self._holds("pro-pastdue", pro_past_due, 60, past_due, invoices=(FAILED, PAID))

    @step
    def pro_cancelled(self) -> None:
        """Who cancelled pays as they go and keeps five credits."""
        self._holds(
            "pro-cancelled", {"subscription_type": "pay_as_you_go", "subscription_state": "canceled"}, 5
        )

    @step
    def pro_cancel_scheduled(self) -> None:
        """Who cancelled for the period's end is Pro until then."""
        scheduled = {**RUNNING, "cancel_at_period_end": True}
        self._holds("pro-scheduled", PRO, 60, scheduled, scheduled=True)

    @step
    def pro_rollover(self) -> None:
        """Pro that carried ten credits over has seventy."""
        customer = self._holds("pro-rollover", PRO, 70, RUNNING)
        self.expect.customer(customer, fixes_quota_this_month=60, rollover_fixes=10)

    def _holds(
        self,
        name: str,
        plan: Row,
        balance: int,
        subscription: Row | None = None,
        *,
        card: bool = True,
        scheduled: bool = False,
        invoices: Sequence[Row] = (PAID,),
    ) -> Customer:
        """Expect one customer's promises at all three places, and return the customer."""
        customer = self.staging.seeded(f"{name}@test.example.com")
        seen = {
            **plan,
            "credit_balance": balance,
            "has_payment_method": card,
            "subscription_cancel_at_period_end": scheduled,
        }
        subscribed = SET if subscription else None
        self.expect.customer(
            customer, active=True, stripe_customer_id=SET, stripe_subscription_id=subscribed, **seen
        )
        self.expect.balance(customer, balance)
        self.expect.api_keys(customer, {"active": True})
        self.expect.summary(customer, **seen)
        default_card = {"default_payment_method": SET if card else None}
        self.expect.stripe_customer(
            customer, email=customer.email, livemode=False, invoice_settings=default_card
        )
        if subscription:
            self._is_subscribed(customer, subscription, invoices)
        else:
            self.expect.subscriptions(customer)
            self.expect.stripe_subscriptions(customer)
            self.expect.stripe_invoices(customer)
        return customer

    def _is_subscribed(self, customer: Customer, subscription: Row, invoices: Sequence[Row]) -> None:
        """Expect one subscription, the same in both rows of the database and at Stripe, and its invoices."""
        row = self.staging.database.customer(customer.id) or {}
        stripe_id = row.get("stripe_subscription_id")
        self.expect.subscriptions(customer, {"stripe_subscription_id": stripe_id, **subscription})
        self.expect.stripe_subscriptions(
            customer,
            {
                "id": stripe_id,
                "status": subscription["status"],
                "cancel_at_period_end": subscription["cancel_at_period_end"],
                "livemode": False,
                "items": {"data": [{"price": PRICE}]},
            },
        )
        self.expect.stripe_invoices(customer, *invoices)


WORKFLOW = Workflow(
    "w17_ten_states",
    "Each of the ten test customers is what its state promises",
    TenStates,
    needs=("summary", SEEDED_CUSTOMERS),
    independent=True,
)
