"""The name of a validation run: short, safe in a URL, a label, an e-mail address and a file name."""

from __future__ import annotations

import hashlib
import re

_UNSAFE = re.compile(r"[^a-z0-9]+")


def validation_run_id(dag_id: str, run_id: str) -> str:
    """Name a validation run after the Airflow run that carries it out.

    Airflow's own run ids hold colons and plus signs, which neither an e-mail address nor a URL path takes.

    Args:
        dag_id: The DAG's id, for example ``staging_nightly``.
        run_id: Airflow's run id, for example ``manual__2026-11-24T14:29:27+00:00``.

    Returns:
        The same name for the same run, and another one for any other: ``nightly-3fa9c1d2e4b5``, matching
        ``^[a-z0-9-]{1,63}$``.
    """
    job = _UNSAFE.sub("-", dag_id.casefold().removeprefix("staging_")).strip("-")[:50] or "run"
    digest = hashlib.sha256(f"{dag_id}\n{run_id}".encode()).hexdigest()[:12]
    return f"{job}-{digest}"
