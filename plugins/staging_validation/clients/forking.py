"""Does pieces of work at the same time, in processes that are copies of this one."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Child(Generic[_Result]):
    """A process at work.

    Attributes:
        pid: Its id.
        answer: Where it writes its result to.
    """

    pid: int
    answer: int


def in_processes(works: Sequence[Callable[[], _Result]]) -> list[_Result]:
    """Do pieces of work at the same time: the first here, each other in a process of its own.

    On a machine with one processor, or one that cannot copy a process, all are done here, one after the other.

    Args:
        works: The pieces; what they return can be pickled. They open no connections and change nothing.

    Returns:
        Their results, in the same order.

    Raises:
        RuntimeError: A process ended without a result; what it died of stands in the error output.
    """
    if not hasattr(os, "fork") or (os.cpu_count() or 1) == 1 or len(works) == 1:
        return [work() for work in works]
    sys.stdout.flush()
    sys.stderr.flush()
    children: list[_Child[_Result]] = []
    try:
        children.extend(_begin(work) for work in works[1:])
        return [works[0](), *(_finish(children.pop(0)) for _ in range(len(children)))]
    finally:
        for child in children:
            _abandon(child)


def _begin(work: Callable[[], _Result]) -> _Child[_Result]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return _Child(pid, reading)
    status = 1
    try:
        with os.fdopen(writing, "wb") as answer:
            pickle.dump(work(), answer, pickle.HIGHEST_PROTOCOL)
        status = 0
    except Exception:  # noqa: BLE001 - the end of a process: its parent raises, and the trace is printed here
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)  # nothing of the parent's may run here: no handlers, no buffers


def _finish(child: _Child[_Result]) -> _Result:
    with os.fdopen(child.answer, "rb") as answer:
        data = answer.read()
    _, status = os.waitpid(child.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise RuntimeError(f"a process that helped ended with status {code}")
    result: _Result = pickle.loads(data)  # noqa: S301 - written by our own child
    return result


def _abandon(child: _Child[Any]) -> None:
    os.close(child.answer)
    os.kill(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)
