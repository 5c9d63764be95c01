"""Advancing test clocks in the background, so that other requests are answered meanwhile."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from local_staging.stripe_sandbox.sandbox import Sandbox

logger = logging.getLogger(__name__)


class Advancer:
    """Takes the steps of advancements, each in a task of its own.

    It is an asynchronous context manager: leaving it ends what is under way.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Advancer:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def begin(self, sandbox: Sandbox, test_clock: str) -> None:
        """Begin to take the steps of a clock's advancement.

        Args:
            sandbox: The account.
            test_clock: The clock's id.
        """
        task = asyncio.get_running_loop().create_task(_advance(sandbox, test_clock))
        self._running.add(task)
        task.add_done_callback(partial(self._ended, sandbox, test_clock))

    def _ended(self, sandbox: Sandbox, test_clock: str, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            logger.error(
                "The test clock %s broke; this is a fault of the sandbox.", test_clock, exc_info=fault
            )
            sandbox.fail_advance(test_clock)


async def _advance(sandbox: Sandbox, test_clock: str) -> None:
    """Take all steps, and let whoever else waits have a turn before each."""
    while True:
        await asyncio.sleep(0)
        if not sandbox.step(test_clock):
            return
