"""The billing year: twelve months of one customer on a test clock, and the books right at every month's end.

A month of trial and pay-as-you-go, then Pro: its first month and ten renewals, one of which fails and is mended.
Credits that are left roll over from month to month, and are kept when the subscription ends.
"""

from __future__ import annotations

from staging_validation.workflows import TEST_CLOCK, Moment, Row, Scenario, Workflow, flows, step

FIX: Row = {"amount": 2_900, "status": "succeeded"}
OVERAGE: Row = {"amount": 1_500, "status": "succeeded"}
MONTH: Row = {"amount": 59_900, "status": "succeeded"}
DECLINED: Row = {"amount": 59_900, "status": "failed"}
PAID_INVOICE: Row = {"status": "paid", "amount_paid": 59_900}
OPEN_INVOICE: Row = {"status": "open", "amount_paid": 0}
TRIAL: Row = {"subscription_type": "trial", "has_payment_method": False}
PAYG: Row = {"subscription_type": "pay_as_you_go", "has_payment_method": True}
PRO: Row = {"subscription_type": "pro", "subscription_state": "active"}


class BillingYear(Scenario):
    """A customer tries, pays as they go, is Pro for eleven months, and leaves.

    Attributes:
        fixes: Fixes deployed so far.
        bought: Credits bought one by one so far.
        months: Months of Pro paid for so far.
        cards: First cards added so far, which bring five credits.
    """

    fixes = bought = months = cards = 0

    @step
    def trial(self) -> None:
        """Month 1 begins with a trial: two fixes take two of five credits."""
        self.customer = self.staging.sign_up(on_clock=True)

        self._deploy(2)

        self._books_are(TRIAL, balance=3)

    @step
    def pay_as_you_go(self) -> None:
        """A card brings five credits and pay-as-you-go; the ninth fix after it is charged 2,900 cents."""
        added = self.staging.api.add_payment_method(self.customer.id, flows.GOOD_CARD, consent=True)
        self.cards = 1
        self.expect.answer(added, 200, credit_balance=8)

        self._deploy(9, bought=1)

        self.expect.stripe_charges(self.customer, FIX)
        self._books_are(PAYG, balance=0)

    @step
    def month_1(self) -> None:
        """Month 1 ends, and nothing else was billed."""
        self.staging.pass_time(self.customer, days=30)

        self.staging.wait_until_processed(self.customer)
        self.expect.stripe_charges(self.customer, FIX)
        self._books_are(PAYG, balance=0)

    @step
    def pro(self) -> None:
        """Month 2 begins with Pro; the sixty-first fix is charged 1,500 cents."""
        flows.become_pro(self.staging, self.customer)
        self.months = 1
        self._books_are(PRO, balance=60)

        self._deploy(61, bought=1)

        self.expect.stripe_charges(self.customer, OVERAGE, MONTH, FIX)
        self._books_are(PRO, balance=0)

    @step
    def month_2(self) -> None:
        """Month 2 ends, and the first renewal brings sixty credits."""
        self._renewed(balance=60)

    @step
    def month_3(self) -> None:
        """Month 3 ends with forty credits left, which roll over."""
        self._deploy(20)
        self._renewed(balance=100)

    @step
    def month_4(self) -> None:
        """Month 4 ends without a fix: a hundred credits roll over."""
        self._renewed(balance=160)

    @step
    def month_5(self) -> None:
        """Month 5 ends with more fixes than a month's credits: those that rolled over pay for them."""
        self._deploy(70)
        self._renewed(balance=150)

    @step
    def month_6(self) -> None:
        """Month 6 ends as any other."""
        self._deploy(10)
        self._renewed(balance=200)

    @step
    def month_7(self) -> None:
        """Month 7 ends with a card that fails: past due, no new credits, and those that are left are usable."""
        added = self.staging.api.add_payment_method(self.customer.id, flows.FAILING_CARD, consent=True)
        self.expect.answer(added, 200, credit_balance=200)

        self.staging.pass_time(self.customer, to=Moment.NEXT_PERIOD)

        self.eventually.events(self.customer, "invoice.payment_failed", {"amount_cents": 59_900})
        self.eventually.customer(self.customer, subscription_state="past_due")
        self.eventually.subscriptions(self.customer, {"plan": "pro", "status": "past_due"})
        self.staging.wait_until_processed(self.customer)
        self._deploy(10)
        self._books_are({**PRO, "subscription_state": "past_due"}, OPEN_INVOICE, balance=190)

    @step
    def recovery(self) -> None:
        """Month 8 mends it: another card pays at Stripe's next attempt, and the sixty credits come."""
        added = self.staging.api.add_payment_method(self.customer.id, flows.GOOD_CARD, consent=True)
        self.expect.answer(added, 200, credit_balance=190)

        self.staging.pass_time(self.customer, to=Moment.NEXT_ATTEMPT)

        self.months += 1
        self._books_are(PRO, balance=250)

    @step
    def month_8(self) -> None:
        """Month 8 ends on the day on which it would have ended anyway."""
        self._renewed(balance=310)

    @step
    def month_9(self) -> None:
        """Month 9 ends as any other."""
        self._deploy(15)
        self._renewed(balance=355)

    @step
    def month_10(self) -> None:
        """Month 10 ends as any other."""
        self._renewed(balance=415)

    @step
    def month_11(self) -> None:
        """Month 11 ends with the tenth renewal."""
        self._deploy(5)
        self._renewed(balance=470)

    @step
    def cancel(self) -> None:
        """In month 12 the customer cancels for its end, and nothing changes before it."""
        cancelled = self.staging.api.cancel(self.customer.id, at_period_end=True)

        self.expect.answer(cancelled, 200, credit_balance=470, **PRO)
        self.eventually.subscriptions(self.customer, {"status": "active", "cancel_at_period_end": True})
        self._books_are({**PRO, "subscription_cancel_at_period_end": True}, balance=470)

    @step
    def month_12(self) -> None:
        """The year ends, and so does the subscription: nothing is billed any more, and the credits are kept."""
        self.staging.pass_time(self.customer, to=Moment.NEXT_PERIOD)

        self.eventually.subscriptions(self.customer, {"plan": "pro", "status": "canceled"})
        self.staging.wait_until_processed(self.customer)
        self._deploy(1)
        self._books_are(
            {**PAYG, "subscription_state": None, "subscription_cancel_at_period_end": False}, balance=469
        )
        self.expect.stripe_subscriptions(self.customer, {"status": "canceled"})
        self.expect.stripe_charges(self.customer, *[MONTH] * 5, DECLINED, *[MONTH] * 5, OVERAGE, MONTH, FIX)

    def _deploy(self, fixes: int, *, bought: int = 0) -> None:
        """Deploy fixes, the last of them with credits that are bought for it."""
        flows.deploy_fixes(self.staging, self.customer, fixes)
        self.fixes += fixes
        self.bought += bought

    def _renewed(self, *, balance: int) -> None:
        """Let a month end, and expect its renewal: paid, sixty credits, the period moved, all books right."""
        before = self.staging.period(self.customer)

        self.staging.pass_time(self.customer, to=Moment.NEXT_PERIOD)

        self.months += 1
        after = self.staging.period(self.customer)
        self.expect.stripe_subscriptions(
            self.customer, {"status": "active", "items": before.next(until=after.end).items}
        )
        self.eventually.subscriptions(self.customer, {"plan": "pro", "status": "active", **after.columns})
        self._books_are(PRO, balance=balance)

    def _books_are(self, columns: Row, *unpaid: Row, balance: int) -> None:
        """Expect the customer's row, the ledger, and Stripe's invoices: those not paid, and one for each month."""
        self.eventually.customer(self.customer, credit_balance=balance, **columns)
        sums = {
            "trial_signup": 5,
            "trial_billing_added": 5 * self.cards,
            "pro_subscription_payment": 60 * self.months,
            "purchased": self.bought,
            "fix_deployed": -self.fixes,
        }
        self.eventually.ledger_sums(
            self.customer,
            rows=1 + self.cards + self.months + self.bought + self.fixes,
            **{source: amount for source, amount in sums.items() if amount},
        )
        self.expect.stripe_invoices(self.customer, *unpaid, *[PAID_INVOICE] * self.months)


WORKFLOW = Workflow(
    "w20_billing_year",
    "A customer's year leaves the books right at every month's end",
    BillingYear,
    needs=("payment_method", "subscribe", "cancel", "fix", TEST_CLOCK),
)
