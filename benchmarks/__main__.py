"""``python -m benchmarks``: measure, print, keep, and fail when a budget is missed."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks import reset
from benchmarks.figures import report

_KEPT = Path("build", "benchmarks")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        0 when every budget is kept, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures against the budgets.")
    parser.add_argument(
        "--small", action="store_true", help="a quick form: small tables; the budgets stay the same"
    )
    parser.add_argument("--others", type=int, metavar="N", help="customers beside the polluted ones")
    parser.add_argument(
        "--polluted", type=int, nargs=2, metavar="N", help="the two numbers of test customers"
    )
    parser.add_argument("--keep", type=Path, default=_KEPT, metavar="FOLDER", help="where reset.json goes")
    given = parser.parse_args(argv)
    sizes = reset.SMALL if given.small else reset.FULL
    sizes = reset.Sizes(
        typical=sizes.typical,
        others=given.others or sizes.others,
        polluted=tuple(given.polluted or sizes.polluted),
    )
    # Ended in any way, it still deletes its server and its data.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console(highlight=False)
    try:
        figures = reset.measure(sizes, say=partial(console.print, soft_wrap=True))
    except KeyboardInterrupt:
        console.print("Interrupted; nothing was left behind.")
        return 130
    return report(figures, console, given.keep / "reset.json")


if __name__ == "__main__":
    sys.exit(main())
