"""The life of a subscription after its start: renewed, past due, recovered, given up, ended.

Each function is one happening. Requests call some of them, ``timeline`` calls them when they fall due; both give
the time with the context.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from local_staging.stripe_sandbox import billing
from local_staging.stripe_sandbox.context import Context
from local_staging.stripe_sandbox.periods import period_end
from local_staging.stripe_sandbox.updates import apply

FINAL = frozenset({"canceled", "incomplete_expired"})
_UPDATED = "customer.subscription.updated"
# A subscription of these statuses does not owe the invoice any more (Stripe's guide "How subscriptions work").
_SETTLED = frozenset({"paid", "uncollectible", "void"})


def current_period(subscription: Mapping[str, Any]) -> billing.Period:
    """Return begin and end of a subscription's current period, in Unix seconds; all its items share it."""
    item = subscription["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def period_over(context: Context, subscription: dict[str, Any]) -> None:
    """Do what the end of a period brings: the subscription's end where that was asked for, else a renewal."""
    if subscription["cancel_at_period_end"]:
        end(context, subscription)
        return
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    without_card = billing.payment_method_for(context, subscription) is None
    if subscription["status"] == "trialing" and behavior == "cancel" and without_card:
        end(context, subscription)
    else:
        _renew(context, subscription)


def _renew(context: Context, subscription: dict[str, Any]) -> None:
    """Begin the next period; its invoice stays a draft for a while, as Stripe gives webhooks time for it."""
    closing = current_period(subscription)
    previous = {name: copy.deepcopy(subscription[name]) for name in ("items", "latest_invoice", "status")}
    for item in subscription["items"]["data"]:
        item["current_period_start"] = closing[1]
        item["current_period_end"] = period_end(
            subscription["billing_cycle_anchor"], closing[1], item["price"]["recurring"]
        )
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    billing.draft_invoice(context, subscription, billing.CYCLE, closing=closing)
    changed = {name: value for name, value in previous.items() if subscription[name] != value}
    context.emit(_UPDATED, subscription, changed)


def announce_trial_end(context: Context, subscription: dict[str, Any]) -> None:
    """Record that a trial is about to end; once for each end that a trial has had."""
    context.store.trial_notices[subscription["id"]] = subscription["trial_end"]
    context.emit("customer.subscription.trial_will_end", subscription, None)


def expire(context: Context, subscription: dict[str, Any]) -> None:
    """End a subscription whose first payment never came, and void its invoice."""
    invoice = context.referenced("invoice", subscription["latest_invoice"], "latest_invoice")
    if invoice["status"] == "open":
        billing.void(context, invoice)
    apply(context, subscription, {"status": "incomplete_expired", "ended_at": context.now()}, _UPDATED)


def draft_due(context: Context, invoice: dict[str, Any]) -> None:
    """Finalize a renewal's draft and charge for it."""
    billing.finalize(context, invoice)
    attempt_due(context, invoice)


def attempt_due(context: Context, invoice: dict[str, Any]) -> None:
    """Charge for an open invoice as the schedule asks; after the last failure the subscription is given up."""
    subscription = context.store.get(billing.subscription_of(invoice)) or {}
    method = billing.payment_method_for(context, subscription)
    if not invoice["amount_due"]:
        billing.settle(context, invoice, automatic=True)
    elif method is None:
        billing.settle(context, invoice, billing.no_payment_method(), automatic=True)
    else:
        billing.collect(context, invoice, method, automatic=True)
    follow_invoice(context, invoice)
    if invoice["status"] == "open" and invoice["next_payment_attempt"] is None:
        _give_up(context, subscription)


def _give_up(context: Context, subscription: dict[str, Any]) -> None:
    """Do with a subscription that stays past due what the account's settings say."""
    then = context.settings.dunning.then
    if subscription["status"] != "past_due" or then == "past_due":
        return
    if then == "cancel":
        end(context, subscription, {"reason": "payment_failed"})
    else:
        apply(context, subscription, {"status": "unpaid"}, _UPDATED)


def follow_invoice(context: Context, invoice: Mapping[str, Any]) -> None:
    """Bring a subscription to the status that the state of its invoice gives it.

    Only the newest invoice that is no draft counts: a late payment of an older one changes nothing, nor does one
    when the subscription has ended.
    """
    subscription = context.store.get(billing.subscription_of(invoice))
    if subscription is None or subscription["status"] in FINAL | {"trialing"}:
        return
    drafted = list(context.store.filed(subscription["id"], "invoice"))
    newest = next(item for item in reversed(drafted) if item["status"] != "draft")
    if newest is not invoice:
        return
    changes: dict[str, Any] = {"status": status_after(invoice, subscription["status"])}
    if changes["status"] in FINAL:
        changes["ended_at"] = context.now()
    apply(context, subscription, changes, _UPDATED)


def status_after(invoice: Mapping[str, Any], status: str) -> str:
    """Return the status of a subscription whose newest invoice is in this state.

    Args:
        invoice: The invoice.
        status: The subscription's status so far.
    """
    first = invoice["billing_reason"] == billing.CREATE
    if first and status == "incomplete" and invoice["status"] != "paid":
        return "incomplete_expired" if invoice["status"] == "void" else "incomplete"
    if invoice["status"] in _SETTLED:
        return "active"
    return status if status == "unpaid" else "past_due"


def end(context: Context, subscription: dict[str, Any], details: Mapping[str, Any] | None = None) -> None:
    """End a subscription now and record ``customer.subscription.deleted``; its invoices wait no longer.

    Args:
        context: The surroundings of the request.
        subscription: The subscription in the store.
        details: What to put into ``cancellation_details``.
    """
    now = context.now()
    subscription["cancellation_details"].update(details or {})
    subscription.update(status="canceled", canceled_at=subscription["canceled_at"] or now, ended_at=now)
    context.emit("customer.subscription.deleted", subscription, None)
    for invoice in context.store.filed(subscription["id"], "invoice"):
        if invoice["status"] in ("draft", "open"):
            stopped = dict.fromkeys(("automatically_finalizes_at", "next_payment_attempt"))
            apply(context, invoice, {**stopped, "auto_advance": False}, "invoice.updated")
