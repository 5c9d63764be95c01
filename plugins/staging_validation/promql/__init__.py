"""PromQL: a syntax tree with places, and what can be known of an expression without asking a server."""
