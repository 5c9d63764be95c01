"""The rules: one module a rule, named like its id, with one public name, ``RULE``."""
