"""Prometheus rule files: what they say, where they say it, and what keeps Prometheus from loading them."""
