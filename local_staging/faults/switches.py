"""How faults are switched on: attributes are replaced, and put back afterwards.

A fault whose target has gone would change nothing, and whoever looks for its effect would blame the workflows. So
whatever is to be replaced must be there, and must become something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from staging_validation.errors import ConfigurationError

Owner = ModuleType | type
"""What holds a target: a module, or a class."""


class Switchboard:
    """Replaces attributes until it is closed.

    Args:
        undo: Takes what puts them back.
    """

    def __init__(self, undo: ExitStack) -> None:
        self._undo = undo

    def replace(self, owner: Owner, name: str, make: Callable[[Any], Any]) -> None:
        """Replace an attribute.

        Args:
            owner: The module or class that holds it; what a class inherits is not its own.
            name: Its name.
            make: Makes the new value from the present one.

        Raises:
            ConfigurationError: There is no such attribute, or it would not change.
        """
        if name not in vars(owner):
            raise _without_effect(owner, name, "there is no such attribute")
        present = vars(owner)[name]
        new = make(present)
        if new is present or (isinstance(new, (str, int, float)) and new == present):
            raise _without_effect(owner, name, "it would stay as it is")
        setattr(owner, name, new)
        self._undo.callback(setattr, owner, name, present)


Switch = Callable[[Switchboard], None]
"""Switches one fault on."""


@contextmanager
def switched_on(*switches: Switch) -> Iterator[None]:
    """Switch faults on, and off again at the end, the last one first.

    They are on in the whole process, for every thread of it.

    Raises:
        ConfigurationError: A fault would change nothing; none of them is on then.
    """
    with ExitStack() as undo:
        board = Switchboard(undo)
        for switch in switches:
            switch(board)
        yield


def wrapped(owner: Owner, name: str, make: Callable[[Any], Any]) -> Switch:
    """Return the switch that puts something in the place of an attribute, made from what is there."""
    return lambda board: board.replace(owner, name, make)


def constant(owner: Owner, name: str, value: object) -> Switch:
    """Return the switch that puts a value in the place of an attribute."""
    return wrapped(owner, name, lambda _: value)


def always(owner: Owner, name: str, *, answer: object) -> Switch:
    """Return the switch that lets a function do nothing and return the same answer whatever it is asked."""
    return constant(owner, name, lambda *_, **__: answer)


def reworded(owner: Owner, name: str, old: str, new: str) -> Switch:
    """Return the switch that changes words of an SQL statement, which must hold them."""

    def make(statement: str) -> str:
        if old not in statement:
            raise _without_effect(owner, name, f"it does not hold {old!r}")
        return statement.replace(old, new)

    return wrapped(owner, name, make)


def with_entry(owner: Owner, name: str, key: object, value: object) -> Switch:
    """Return the switch that gives a mapping one more entry, or another value for one."""

    def make(mapping: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**mapping, key: value}

    return wrapped(owner, name, make)


def all_of(*switches: Switch) -> Switch:
    """Return the switch of a fault that changes several things."""

    def switch_on(board: Switchboard) -> None:
        for switch in switches:
            switch(board)

    return switch_on


def _without_effect(owner: Owner, name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The fault in {owner.__name__}.{name} would change nothing: {reason}.",
        remedy="bring local_staging/faults up to what it breaks",
    )
