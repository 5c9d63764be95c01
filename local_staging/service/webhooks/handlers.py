"""What each of Stripe's events changes (platform contract, Stripe)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from psycopg.types.json import Jsonb

from local_staging.service.customers import PAY_AS_YOU_GO, PRO, Customer
from local_staging.service.ledger import PRO_CREDITS, PRO_SUBSCRIPTION_PAYMENT, grant, is_recorded
from local_staging.service.stripe_objects import StripeEvent, StripeInvoice, StripeSubscription
from local_staging.service.subscriptions import save_subscription
from local_staging.service.webhooks.ordering import (
    CREATED,
    DELETED,
    SNAPSHOTS,
    STATE_EVENTS,
    UPDATED,
    newer_events,
)
from local_staging.service.work import Platform, UnitOfWork

_STATE = "UPDATE customers SET subscription_state = %s, updated_at = %s WHERE id = %s"
_ROW_STATUS = """
    UPDATE subscriptions SET status = %s, updated_at = %s WHERE stripe_subscription_id = %s AND customer_id = %s
"""
_BEGIN = """
    UPDATE customers SET stripe_subscription_id = %s, subscription_type = %s, updated_at = %s WHERE id = %s
"""
_FLAG = "UPDATE customers SET subscription_cancel_at_period_end = %s, updated_at = %s WHERE id = %s"
_END = """
    UPDATE customers SET subscription_type = %s, subscription_state = NULL, stripe_subscription_id = NULL,
        subscription_cancel_at_period_end = false, updated_at = %s
    WHERE id = %s
"""
_NEW_QUOTA = """
    UPDATE customers SET fixes_quota_this_month = %s, fixes_used_this_month = 0, rollover_fixes = %s
    WHERE id = %s
"""


@dataclass(frozen=True)
class Delivery:
    """One event about one customer, to be applied inside one transaction.

    Attributes:
        platform: The platform.
        work: The transaction; the customer is locked.
        event: The event.
        customer: The customer.
    """

    platform: Platform
    work: UnitOfWork
    event: StripeEvent
    customer: Customer

    def newer(self, *event_types: str, about: str | None = None) -> frozenset[str]:
        """Return which of these types have a newer event that was processed already.

        Args:
            event_types: The types.
            about: Leave out events about other subscriptions than this one.
        """
        return newer_events(self.work, self.customer.id, self.event, event_types, about=about)


@dataclass(frozen=True)
class Applied:
    """What became of an event.

    Attributes:
        amount_cents: The invoice's amount; None for events that are about none.
        notes: What ``billing_events.metadata`` shall say beyond the event's own data.
    """

    amount_cents: int | None = None
    notes: dict[str, object] = field(default_factory=dict)


Handler = Callable[[Delivery], Applied]


def invoice_paid(delivery: Delivery) -> Applied:
    """A paid invoice ends a debt; when it is for Pro, it brings sixty credits."""
    invoice = StripeInvoice.model_validate(delivery.event.data.object)
    customer, work = delivery.customer, delivery.work
    if customer.subscription_state == "past_due" and not delivery.newer(*STATE_EVENTS):
        _set_state(delivery, "active")
    is_pro = invoice.has_price(delivery.platform.settings.pro_price_id)
    credited = is_pro and _credit(delivery, invoice)
    plan = PRO if is_pro else customer.subscription_type
    measured = {"amount_cents": invoice.amount_cents, "duration": work.duration_ms}
    work.emit("invoice_paid", measured, customer_id=customer.id, plan=plan)
    if invoice.amount_cents:
        work.emit("payment_processed", measured, customer_id=customer.id, status="success")
    if invoice.is_renewal:
        _emit_renewal(delivery, invoice, plan, "success")
    return Applied(invoice.amount_cents, {"stripe_invoice_id": invoice.id, "credited": credited})


def invoice_failed(delivery: Delivery) -> Applied:
    """An invoice that could not be paid makes the subscription past due; the credits stay."""
    invoice = StripeInvoice.model_validate(delivery.event.data.object)
    customer, work = delivery.customer, delivery.work
    if customer.is_pro and not delivery.newer(*STATE_EVENTS):
        _set_state(delivery, "past_due")
    measured = {"amount_cents": invoice.amount_cents, "duration": work.duration_ms}
    work.emit("payment_processed", measured, customer_id=customer.id, status="failed")
    if invoice.is_renewal:
        _emit_renewal(delivery, invoice, customer.subscription_type, "failed")
    work.after_commit(partial(_record_failure, delivery, invoice, work.duration_ms))
    return Applied(invoice.amount_cents, {"stripe_invoice_id": invoice.id})


def subscription_created(delivery: Delivery) -> Applied:
    """A new subscription makes the customer Pro, unless it has ended already or a newer one has begun."""
    subscription = StripeSubscription.model_validate(delivery.event.data.object)
    newer = delivery.newer(*STATE_EVENTS, about=subscription.id)
    if DELETED in newer or delivery.newer(CREATED):
        return _superseded(subscription)
    work, customer = delivery.work, delivery.customer
    work.connection.execute(_BEGIN, [subscription.id, PRO, work.now, customer.id])
    if UPDATED not in newer:
        save_subscription(work, customer.id, subscription)
    if not newer:
        _set_state(delivery, subscription.state)
    return Applied(notes={"stripe_subscription_id": subscription.id})


def subscription_updated(delivery: Delivery) -> Applied:
    """A changed subscription brings its state, its period and whether it ends with it, both ways."""
    subscription = StripeSubscription.model_validate(delivery.event.data.object)
    newer = delivery.newer(*STATE_EVENTS, about=subscription.id)
    if newer & {UPDATED, DELETED}:
        return _superseded(subscription)
    work, customer = delivery.work, delivery.customer
    save_subscription(work, customer.id, subscription)
    if _is_current(customer, subscription):
        work.connection.execute(_FLAG, [subscription.cancel_at_period_end, work.now, customer.id])
        if not newer - {CREATED}:
            _set_state(delivery, subscription.state)
    return Applied(notes={"stripe_subscription_id": subscription.id})


def subscription_deleted(delivery: Delivery) -> Applied:
    """An ended subscription makes the customer pay-as-you-go; the credits stay."""
    subscription = StripeSubscription.model_validate(delivery.event.data.object)
    work, customer = delivery.work, delivery.customer
    save_subscription(work, customer.id, subscription)
    if not _is_current(customer, subscription) or delivery.newer(*SNAPSHOTS, about=subscription.id):
        return _superseded(subscription)
    work.connection.execute(_END, [PAY_AS_YOU_GO, work.now, customer.id])
    work.emit(
        "subscription_cancelled",
        {"duration": work.duration_ms},
        customer_id=customer.id,
        plan=PRO,
        reason=subscription.cancellation_reason,
    )
    return Applied(notes={"stripe_subscription_id": subscription.id})


HANDLERS: dict[str, Handler] = {
    "invoice.payment_succeeded": invoice_paid,
    "invoice.payment_failed": invoice_failed,
    CREATED: subscription_created,
    UPDATED: subscription_updated,
    DELETED: subscription_deleted,
}
"""The events that change something; all others are recorded and ignored."""


def _credit(delivery: Delivery, invoice: StripeInvoice) -> bool:
    """Add the credits of a paid Pro invoice, once for each invoice, and say whether they were added."""
    work, customer = delivery.work, delivery.customer
    if is_recorded(work, customer.id, PRO_SUBSCRIPTION_PAYMENT, {"stripe_invoice_id": invoice.id}):
        return False
    paid = {"stripe_invoice_id": invoice.id, "amount_cents": invoice.amount_cents}
    grant(work, customer.id, PRO_CREDITS, PRO_SUBSCRIPTION_PAYMENT, paid)
    carried_over = customer.credit_balance if invoice.is_renewal else 0
    work.connection.execute(_NEW_QUOTA, [PRO_CREDITS, carried_over, customer.id])
    return True


def _set_state(delivery: Delivery, state: str) -> None:
    work, customer = delivery.work, delivery.customer
    work.connection.execute(_STATE, [state, work.now, customer.id])
    work.connection.execute(_ROW_STATUS, [state, work.now, customer.stripe_subscription_id, customer.id])


def _is_current(customer: Customer, subscription: StripeSubscription) -> bool:
    """Say whether a subscription is the customer's: events of a former one may come late."""
    return customer.stripe_subscription_id in (None, subscription.id)


def _superseded(subscription: StripeSubscription) -> Applied:
    return Applied(notes={"stripe_subscription_id": subscription.id, "superseded": True})


def _emit_renewal(delivery: Delivery, invoice: StripeInvoice, plan: str | None, status: str) -> None:
    delivery.work.emit(
        "subscription_renewed",
        {"amount": invoice.amount_cents, "duration": delivery.work.duration_ms},
        customer_id=delivery.customer.id,
        plan=plan,
        status=status,
    )


def _record_failure(delivery: Delivery, invoice: StripeInvoice, duration_ms: float) -> None:
    # The event does not say why; Stripe is asked once nothing is locked any more.
    delivery.platform.telemetry.record(
        "invoice_failed",
        {"duration": duration_ms},
        {
            "customer_id": delivery.customer.id,
            "failure_code": delivery.platform.stripe.last_failure_code(invoice.customer),
        },
    )


def metadata_of(event: StripeEvent, status: str, **notes: object) -> Jsonb:
    """Return ``billing_events.metadata``: what became of the event, and when it happened.

    Args:
        event: The event.
        status: processed, ignored or failed.
        notes: What else there is to say.
    """
    return Jsonb({"status": status, "created": event.created, **notes})
