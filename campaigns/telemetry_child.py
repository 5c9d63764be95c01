"""The process that the campaign kills: one run, begun when a line comes in, reported as JSON lines.

The first line says that it is ready. The last one, unless the process was killed, says either how long the run took
and what was wrong with it, or which error ended it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from campaigns.child import Work, obey
from campaigns.telemetry_monitoring import Monitoring
from campaigns.telemetry_run import carry_out, shipped_catalogue


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one run; the arguments are the two addresses and the run's id.

    Returns:
        0 after a run, 1 when it ended with an error of ours.
    """
    gateway_url, prometheus_url, run_id = sys.argv[1:] if arguments is None else arguments

    def prepare() -> tuple[Mapping[str, object], Work]:
        place, catalogue = Monitoring.at(gateway_url, prometheus_url), shipped_catalogue()

        def work() -> Mapping[str, object]:
            done = carry_out(run_id, catalogue, place)
            return {"seconds": done.seconds, "faults": list(done.faults)}

        return {"ready": run_id}, work

    return obey(prepare)


if __name__ == "__main__":
    sys.exit(main())
