"""DAGs for a real scheduler, whose tasks find, wait and die as a test has planned."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from types import SimpleNamespace

from staging_validation.airflow import dag_factory
from staging_validation.airflow.operators.report import ReportOperator
from tests.airflow.planned import planned, planned_dag


class MortalReport(ReportOperator):
    """The report, killed where that is planned."""

    def execute(self, context):
        if planned(self.dag_id, "report") == "kill -9":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(context)


dag_factory.ReportOperator = MortalReport
dag_factory.DEFAULT_ARGS = {**dag_factory.DEFAULT_ARGS, "retries": 0}
patch = SimpleNamespace(setattr=setattr)

killed_worker = planned_dag("planned_killed_worker", patch)
killed_report = planned_dag("planned_killed_report", patch)

dag_factory.LONGEST_RUN = timedelta(seconds=10)
timed_out = planned_dag("planned_timed_out", patch)

dag_factory.LONGEST_RUN = timedelta(hours=1)
dag_factory.LATE_AFTER = timedelta(seconds=3)
late = planned_dag("planned_late", patch, schedule="0 2 * * *")
