"""W14, signature: an event that Stripe did not sign just now is refused, changes nothing, and is counted."""

from __future__ import annotations

from staging_validation.workflows import Scenario, Signing, Workflow, at_least, needing, step

FAILED = "rsolv_billing_stripe_webhook_failed_total"
REFUSED = (Signing.MISSING, Signing.WRONG, Signing.STALE, Signing.FUTURE, Signing.TAMPERED)

SIGNUP = (+5, "trial_signup")
PAID = (+60, "pro_subscription_payment")


class Signature(Scenario):
    """The event of a paid invoice arrives without a good signature, and then with one."""

    @step
    def missing(self) -> None:
        """An event without a signature is refused with 401."""
        self.customer = self.staging.sign_up()
        self.invoice = self.staging.pro_invoice_paid(self.customer)

        self.expect.answer(self.staging.send(self.invoice, Signing.MISSING), 401, error="Missing signature")

    @step
    def wrong(self) -> None:
        """An event signed with another secret is refused with 401."""
        self.expect.answer(self.staging.send(self.invoice, Signing.WRONG), 401, error="Invalid signature")

    @step
    def tampered(self) -> None:
        """An event that was changed after it was signed is refused with 401."""
        self.expect.answer(self.staging.send(self.invoice, Signing.TAMPERED), 401, error="Invalid signature")

    @step
    def stale(self) -> None:
        """An event that was signed ten minutes ago is refused with 400."""
        self.expect.answer(self.staging.send(self.invoice, Signing.STALE), 400, error="Signature expired")

    @step
    def future(self) -> None:
        """An event that is signed for a time in ten minutes is refused with 400."""
        self.expect.answer(self.staging.send(self.invoice, Signing.FUTURE), 400, error="Signature expired")

    @step
    def nothing_changed(self) -> None:
        """None of the refused events was recorded or credited."""
        self.staging.wait_until_processed(self.customer)

        self.expect.event(self.invoice)
        self.expect.ledger(self.customer, SIGNUP)
        self.expect.customer(self.customer, credit_balance=5)

    @step
    def right(self) -> None:
        """The same event with its own signature is credited."""
        self.expect.answer(self.staging.send(self.invoice), 200, status="success")

        self.eventually.ledger(self.customer, SIGNUP, PAID)

    @needing("metrics")
    @step
    def counted(self) -> None:
        """Each refusal is counted under its reason."""
        before = self.staging.counter(FAILED, "failure_reason")

        for signing in REFUSED:
            self.staging.send(self.invoice, signing)

        # Others may send unsigned events meanwhile: it is this or more.
        rises = {"missing_signature": 1, "invalid_signature": 2, "signature_expired": 2}
        self.expect.counter(
            FAILED,
            "failure_reason",
            **{reason: at_least(float(str(before.get(reason, 0))) + rise) for reason, rise in rises.items()},
        )


WORKFLOW = Workflow("w14_signature", "An event without a good signature is refused and counted", Signature)
