"""Runs tests in forks of one process that has imported everything but Airflow and the package itself.

Importing what the tests need takes longer than the tests of one mutant. Started as ``python -m campaigns.guard_server``
in the copy of the project; reads one JSON object a line (``argv`` for pytest, ``log``, ``seconds``) and answers each
with pytest's exit status, or -1 when the tests did not end in time.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from typing import Any

TOO_LONG = -1
_PATIENCE_SECONDS = 20.0
_MUTATED = ("airflow", "staging_validation")
_OWN = (*_MUTATED, "local_staging", "campaigns", "tests", "conftest", "__main__")
_QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""pytest complains where a plugin was imported before it has announced it."""

_PROBE = """
import sys
import airflow.sdk, airflow.dag_processing.dagbag, airflow.models, airflow.providers.http.hooks.http
import airflow.providers.postgres.hooks.postgres, airflow.providers.standard.operators.python
import prometheus_client, psycopg, pytest, requests, werkzeug, rich.console, stripe, tenacity, yaml
print(*sys.modules)
"""


def serve() -> None:
    """Answer requests until there are none."""
    _preload()
    gc.freeze()  # what was imported so far is not looked through again in every fork
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(_run(request)), flush=True)


def _preload() -> None:
    """Import what Airflow and the tests import, without Airflow: it reads its configuration when it is imported."""
    asked = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True)
    for name in asked.stdout.splitlines()[-1].split():
        if not name.startswith(_OWN):
            with contextlib.suppress(ImportError, AttributeError):
                importlib.import_module(name)
    loaded = [name for name in sys.modules if name.startswith(_MUTATED)]
    if loaded:
        raise RuntimeError(f"{', '.join(loaded)} would be the same for all mutants")


def _run(request: Mapping[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        os._exit(_test(request))
    ended = os.pidfd_open(child)
    in_time = False
    try:
        in_time = bool(select.select([ended], [], [], request["seconds"])[0])
    finally:
        if not in_time:
            # The tests stop their servers when they are interrupted.
            os.kill(child, signal.SIGINT)
            if not select.select([ended], [], [], _PATIENCE_SECONDS)[0]:
                os.killpg(child, signal.SIGKILL)
        os.close(ended)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if in_time else TOO_LONG


def _test(request: Mapping[str, Any]) -> int:
    import pytest

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    try:
        return int(pytest.main([*_QUIET, *request["argv"]]))
    except BaseException:  # noqa: BLE001 - whatever ends the tests is no success
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    serve()
