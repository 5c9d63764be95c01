"""A small stateful Stripe in test mode, for staging on one machine.

It speaks the version of the Stripe API that the pinned ``stripe`` library speaks: request parameters are
checked with the library's own request types, and its answers satisfy the library's own response types. What
Stripe knows and the sandbox does not is refused with a sentence, never ignored. State lives in memory and
ends with the process.

Time passes on test clocks, as in a real test account: customers that hang on one are renewed, dunned and ended
while it is advanced. For all others it stands still, apart from the time that new objects carry.

Started with ``python -m local_staging.stripe_sandbox --port P --webhook-url URL --pro-price-id price_…``.
"""
