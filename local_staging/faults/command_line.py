"""The option ``--fault`` of the service and of the sandbox."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from local_staging.faults.model import Place
from local_staging.faults.switches import switched_on
from local_staging.faults.zoo import faults_named

_LOG = logging.getLogger(__name__)


def add_fault_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--fault NAME``, which can be given several times; the result is the list ``faults``.

    Args:
        parser: The command's parser.
    """
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        dest="faults",
        metavar="NAME",
        help="break one promise on purpose, to see who notices; can be repeated. `python -m local_staging.faults` "
        "lists the names (default: none)",
    )


@contextmanager
def with_faults(place: Place, names: Sequence[str]) -> Iterator[None]:
    """Run with faults that were asked for, and say so as loudly as a log can.

    Args:
        place: Whose process this is.
        names: The faults' names; nothing is loaded or changed without any.

    Raises:
        ConfigurationError: A name is unknown, or a fault would change nothing.
    """
    faults = faults_named(place, names) if names else ()
    with switched_on(*(fault.switch for fault in faults)):
        for fault in faults:
            _LOG.warning(
                "BROKEN ON PURPOSE: the fault %s is on. What is right, and does not hold now: %s",
                fault.name,
                fault.right,
            )
        yield
