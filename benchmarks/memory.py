"""How much memory a process has had at most."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_megabytes() -> float:
    """Return the most memory that this process has had, in megabytes.

    Linux says it for the program alone (proc(5), VmHWM); getrusage(2) also counts what the process that started it had,
    and stands in elsewhere.
    """
    if _STATUS.exists() and (peak := _PEAK.search(_STATUS.read_text(encoding="ascii"))):
        return int(peak[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
