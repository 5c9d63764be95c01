"""W15, strangers: an event of an unknown customer or of an unknown type is recorded, and changes nothing."""

from __future__ import annotations

from dataclasses import replace

from staging_validation.workflows import Scenario, Workflow, step

SIGNUP = (+5, "trial_signup")
PAID = (+60, "pro_subscription_payment")
UNKNOWN_TYPE = "customer.teleported"


class Strangers(Scenario):
    """Stripe sends events that the platform cannot know what to do with."""

    @step
    def unknown_customer(self) -> None:
        """A paid invoice of a customer whom the platform does not know is recorded, and credits nobody."""
        self.customer = self.staging.sign_up()
        stranger = replace(self.customer, stripe_id=f"cus_unknown{self.customer.id}")
        event = self.staging.pro_invoice_paid(stranger)

        self.expect.answer(self.staging.send(event), 200, status="success")

        self.eventually.event(event, {"event_type": "invoice.payment_succeeded", "customer_id": None})
        self.expect.ledger(self.customer, SIGNUP)

    @step
    def unknown_type(self) -> None:
        """An event of a type that nobody has heard of is recorded, and changes nothing."""
        event = self.staging.other_event(self.customer, UNKNOWN_TYPE)

        self.expect.answer(self.staging.send(event), 200, status="success")

        self.eventually.event(event, {"event_type": UNKNOWN_TYPE, "amount_cents": None})
        self.expect.ledger(self.customer, SIGNUP)
        self.expect.customer(
            self.customer, credit_balance=5, subscription_type="trial", stripe_subscription_id=None
        )

    @step
    def next_event(self) -> None:
        """The event after them is processed as ever."""
        self.expect.answer(self.staging.send(self.staging.pro_invoice_paid(self.customer)), 200)

        self.eventually.ledger(self.customer, SIGNUP, PAID)


WORKFLOW = Workflow("w15_strangers", "Unknown customers and event types change nothing", Strangers)
