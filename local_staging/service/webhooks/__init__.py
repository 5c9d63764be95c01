"""Stripe's webhooks: the signature, the queue that an accepted event waits in, and what each event changes."""
