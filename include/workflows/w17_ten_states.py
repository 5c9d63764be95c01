"""W17, the ten states: what each test customer promises holds through API, database and Stripe.

The customers belong to everybody who works with staging: they are looked at, and nothing is changed.
"""

from __future__ import annotations

from staging_validation.workflows import SEEDED_CUSTOMERS, SET, Customer, Row, Scenario, Workflow, step

PAYG: Row = {"subscription_type": "pay_as_you_go", "subscription_state": None}
PRO: Row = {"subscription_type": "pro", "subscription_state": "active"}
RUNNING: Row = {"plan": "pro", "status": "active", "cancel_at_period_end": False}


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
        """Past due keeps its credits."""
        past_due = {**RUNNING, "status": "past_due"}
        self._holds(
            "pro-pastdue", {"subscription_type": "pro", "subscription_state": "past_due"}, 60, past_due
        )

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
        *subscriptions: Row,
        card: bool = True,
        scheduled: bool = False,
    ) -> Customer:
        """Expect one customer's promises at all three places, and return the customer."""
        customer = self.staging.seeded(f"{name}@test.example.com")
        seen = {
            **plan,
            "credit_balance": balance,
            "has_payment_method": card,
            "subscription_cancel_at_period_end": scheduled,
        }
        self.expect.customer(customer, active=True, stripe_customer_id=SET, **seen)
        self.expect.balance(customer, balance)
        self.expect.api_keys(customer, {"active": True})
        if subscriptions or not plan["subscription_state"]:
            self.expect.subscriptions(customer, *subscriptions)
        self.expect.summary(customer, **seen)
        default_card = {"default_payment_method": SET if card else None}
        self.expect.stripe_customer(
            customer, email=customer.email, livemode=False, invoice_settings=default_card
        )
        return customer


WORKFLOW = Workflow(
    "w17_ten_states",
    "Each of the ten test customers is what its state promises",
    TenStates,
    needs=("summary", SEEDED_CUSTOMERS),
    independent=True,
)
