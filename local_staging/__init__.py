"""The embedded staging: the reference billing service, a Stripe sandbox, and the stack that runs them.

It stands in for a team's own staging environment, so that the package can be tried and tested on one
machine with real parts. Nothing in ``plugins/`` or ``dags/`` needs it, save the command line's ``run``.
"""
