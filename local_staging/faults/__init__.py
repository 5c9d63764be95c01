"""The bug zoo: named faults of the billing service and of the Stripe sandbox that can be switched on.

Each fault breaks one promise of the platform's contract and says which workflow notices it, and by which words. The
suite switches every one of them on and holds the workflows to that; people switch one on to see what a night says of
it. Nothing in here is loaded unless a fault is asked for.
"""
