"""The reference billing service: the platform under test, honoured to the letter on one machine.

It keeps customers, credits and subscriptions in PostgreSQL, charges through Stripe in test mode, and hears of
payments through Stripe's webhooks. What it must do is the platform contract; nothing in it knows that it is
being validated. Started with ``python -m local_staging.service serve --port P``.
"""
