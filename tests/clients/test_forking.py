"""Work in processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import os, sys
from staging_validation.clients.forking import in_processes
{body}
"""


def run(body):
    """Run a script in a process of its own: the tests' process has threads, and is not to be copied."""
    command = [sys.executable, "-c", SCRIPT.format(body=body)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")


def test_results_come_in_order_from_processes_of_their_own():
    body = "os.cpu_count = lambda: 2; print(in_processes([os.getpid] * 3), os.getpid())"
    done = run(body)
    assert done.returncode == 0, done.stderr
    *pids, own = map(int, done.stdout.replace("[", "").replace("]", "").replace(",", "").split())
    assert pids[0] == own
    assert len(set(pids)) == 3


def test_on_one_processor_all_is_done_here():
    done = run("os.cpu_count = lambda: 1; print(len(set(in_processes([os.getpid] * 3))))")
    assert done.stdout.strip() == "1", done.stderr


def test_a_large_result_comes_through():
    done = run("os.cpu_count = lambda: 2; print(len(in_processes([int, lambda: 'x' * 5_000_000])[1]))")
    assert done.stdout.strip() == "5000000", done.stderr


@pytest.mark.parametrize(
    ("work", "said"),
    [("lambda: 1 / 0", "ZeroDivisionError"), ("lambda: os.kill(os.getpid(), 9)", "ended with status -9")],
)
def test_a_process_that_dies_is_no_result(work, said):
    done = run(f"os.cpu_count = lambda: 2; in_processes([int, {work}])")
    assert done.returncode == 1
    assert "RuntimeError: a process that helped ended" in done.stderr
    assert said in done.stderr


def test_when_the_first_fails_the_others_are_ended():
    body = """
os.cpu_count = lambda: 2
import signal
try:
    in_processes([lambda: 1 / 0, signal.pause])
except ZeroDivisionError:
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        print("nobody is left")
"""
    assert run(body).stdout.strip() == "nobody is left"
