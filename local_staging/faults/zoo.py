"""All faults there are, by place, topic and name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

from local_staging.faults.model import Fault, Place
from staging_validation.errors import ConfigurationError

_MODULES: Mapping[Place, tuple[str, ...]] = {
    Place.SERVICE: ("service_access", "service_credits", "service_subscriptions", "service_webhooks"),
    Place.SANDBOX: ("sandbox_billing", "sandbox_events"),
}
"""The modules with the faults of a place. They are loaded when they are asked for: each process is one place."""


@cache
def faults_of(place: Place) -> tuple[Fault, ...]:
    """Return all faults of a place, in the order in which their modules list them.

    Raises:
        ConfigurationError: Two of them have one name.
    """
    modules = (import_module(f"local_staging.faults.{name}") for name in _MODULES[place])
    faults: tuple[Fault, ...] = tuple(fault for module in modules for fault in module.FAULTS)
    if twice := [name for name, times in Counter(fault.name for fault in faults).items() if times > 1]:
        raise ConfigurationError(
            f"Two faults of the {place.value} have one name: {', '.join(twice)}.", remedy="rename one of them"
        )
    return faults


def faults_named(place: Place, names: Iterable[str]) -> tuple[Fault, ...]:
    """Return some faults of a place, each once.

    Args:
        place: The place.
        names: Their names.

    Raises:
        ConfigurationError: One of the names is unknown; the message lists those that there are.
    """
    known = {fault.name: fault for fault in faults_of(place)}
    wanted = tuple(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in known]:
        raise ConfigurationError(
            f"The {place.value} has no fault {', '.join(unknown)}. It has {', '.join(sorted(known))}.",
            remedy="`python -m local_staging.faults` says what each of them breaks",
        )
    return tuple(known[name] for name in wanted)
