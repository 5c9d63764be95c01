"""Measurements with budgets: ``python -m benchmarks``; exit status 1 when a budget is missed."""
