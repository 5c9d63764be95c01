"""Finds the rules: every module of :mod:`staging_validation.lint.rules` has one, by the name ``RULE``."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from staging_validation.lint import rules
from staging_validation.lint.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of their ids.

    Raises:
        AttributeError: A module has no ``RULE``.
        ValueError: A rule's id is not its module's name.
    """
    names = [module.name for module in pkgutil.iter_modules(rules.__path__)]
    found = tuple(_rule(name) for name in sorted(names))
    return tuple(sorted(found, key=lambda rule: rule.id))


def _rule(name: str) -> Rule:
    rule: Rule = import_module(f"{rules.__name__}.{name}").RULE
    if rule.id.replace("-", "_") != name:
        raise ValueError(f"the module {name} defines the rule {rule.id}: name one of them after the other")
    return rule
