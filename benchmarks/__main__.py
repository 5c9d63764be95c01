"""``python -m benchmarks [PART...]``: measure, print, keep, and fail when a budget is missed."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks import lint, reset, telemetry
from benchmarks.figures import Figure, report

_KEPT = Path("build", "benchmarks")
_ALL = "all"

Part = Callable[[argparse.Namespace, Callable[[str], object]], list[Figure]]


def _reset(given: argparse.Namespace, say: Callable[[str], object]) -> list[Figure]:
    sizes = reset.SMALL if given.small else reset.FULL
    sizes = reset.Sizes(
        typical=sizes.typical,
        others=given.others or sizes.others,
        polluted=tuple(given.polluted or sizes.polluted),
    )
    return reset.measure(sizes, say=say)


def _telemetry(given: argparse.Namespace, say: Callable[[str], object]) -> list[Figure]:
    return telemetry.measure(telemetry.SMALL if given.small else telemetry.FULL, say=say)


def _lint(given: argparse.Namespace, say: Callable[[str], object]) -> list[Figure]:
    return lint.measure(lint.SMALL if given.small else lint.FULL, say=say)


PARTS: Mapping[str, Part] = {"lint": _lint, "reset": _reset, "telemetry": _telemetry}
"""What can be measured, in the order in which it is."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        0 when every budget is kept, 1 otherwise.
    """
    given = _parser().parse_args(argv)
    # Ended in any way, it still ends its servers and deletes its data.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console(highlight=False)
    status = 0
    try:
        for name in [name for name in PARTS if name in given.parts or _ALL in given.parts]:
            figures = PARTS[name](given, partial(console.print, soft_wrap=True))
            status = max(status, report(figures, console, given.keep / f"{name}.json"))
    except KeyboardInterrupt:
        console.print("Interrupted; nothing was left behind.")
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures against the budgets.")
    parser.add_argument(
        "parts",
        nargs="*",
        choices=(_ALL, *PARTS),
        default=_ALL,
        metavar="PART",
        help=f"what to measure: {', '.join(PARTS)}, or {_ALL}, which is the default",
    )
    parser.add_argument(
        "--small", action="store_true", help="a quick form: small sizes; the budgets stay the same"
    )
    parser.add_argument("--others", type=int, metavar="N", help="reset: customers beside the polluted ones")
    parser.add_argument(
        "--polluted", type=int, nargs=2, metavar="N", help="reset: the two numbers of test customers"
    )
    parser.add_argument(
        "--keep", type=Path, default=_KEPT, metavar="FOLDER", help="where the figures go, one file a part"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
