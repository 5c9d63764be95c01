"""Operators: one step each. They read connections and params, let a client do the work, keep the results."""
