"""Show the zoo: ``python -m local_staging.faults``, or with ``--markdown`` the page ``docs/bug_zoo.md``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from local_staging.faults.model import Place
from local_staging.faults.tables import listing, page
from local_staging.faults.zoo import faults_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Print all faults.

    Args:
        arguments: The command line; the process's own by default.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(
        prog="python -m local_staging.faults",
        description="The faults that can be switched on in the billing service and the Stripe sandbox.",
    )
    parser.add_argument("--markdown", action="store_true", help="print the page docs/bug_zoo.md instead")
    options = parser.parse_args(arguments)
    zoo = {place: faults_of(place) for place in Place}
    if options.markdown:
        sys.stdout.write(page(zoo))
        return 0
    console = Console()
    for place, faults in zoo.items():
        console.print(listing(place, faults))
    return 0


if __name__ == "__main__":
    sys.exit(main())
