"""W18, disorder: events that arrive late leave the state of the newest event, and no credit is lost or doubled."""

from __future__ import annotations

from staging_validation.workflows import Scenario, Workflow, step

SIGNUP = (+5, "trial_signup")
PAID = (+60, "pro_subscription_payment")


class Disorder(Scenario):
    """A subscription's events arrive in another order than they happened."""

    @step
    def deleted_before_updated(self) -> None:
        """An update that happened before the end, and arrives after it, revives nothing."""
        self.customer = self.staging.sign_up()
        created = self.staging.subscription_event(self.customer, "created", seconds_ago=60)
        updated = self.staging.subscription_event(self.customer, "updated", seconds_ago=40)
        deleted = self.staging.subscription_event(self.customer, "deleted", seconds_ago=20, status="canceled")

        self.staging.send(created)
        self.eventually.customer(self.customer, subscription_type="pro", subscription_state="active")
        self.staging.send(deleted)
        self.staging.send(updated)

        self.staging.wait_until_processed(self.customer)
        self._has_ended()

    @step
    def late_paid_invoice(self) -> None:
        """An invoice that was paid before the end, and arrives after it, is credited and revives nothing."""
        invoice = self.staging.pro_invoice_paid(self.customer, seconds_ago=50)

        self.staging.send(invoice)
        self.staging.send(invoice)

        self.staging.wait_until_processed(self.customer)
        self.expect.ledger(self.customer, SIGNUP, PAID)
        self._has_ended()

    @step
    def paid_before_failed(self) -> None:
        """A payment that happened before a failed one, and arrives after it, is credited and heals nothing."""
        self.debtor = self.staging.sign_up()
        created = self.staging.subscription_event(self.debtor, "created", seconds_ago=60)
        paid = self.staging.pro_invoice_paid(self.debtor, seconds_ago=50)
        failed = self.staging.pro_invoice_failed(self.debtor, seconds_ago=30)

        self.staging.send(created)
        self.staging.send(failed)
        self.staging.send(paid)

        self.staging.wait_until_processed(self.debtor)
        self.expect.ledger(self.debtor, SIGNUP, PAID)
        self.expect.customer(self.debtor, subscription_type="pro", subscription_state="past_due")

    @step
    def newest_event(self) -> None:
        """The newest event counts: the next paid invoice ends the debt."""
        self.staging.send(self.staging.pro_invoice_paid(self.debtor, seconds_ago=10))

        self.staging.wait_until_processed(self.debtor)
        self.expect.ledger(self.debtor, SIGNUP, PAID, PAID)
        self.expect.customer(self.debtor, subscription_type="pro", subscription_state="active")

    def _has_ended(self) -> None:
        self.expect.customer(
            self.customer,
            subscription_type="pay_as_you_go",
            subscription_state=None,
            stripe_subscription_id=None,
            subscription_cancel_at_period_end=False,
        )
        self.expect.subscriptions(self.customer, {"status": "canceled"})


WORKFLOW = Workflow("w18_disorder", "Late events leave the state of the newest one", Disorder)
