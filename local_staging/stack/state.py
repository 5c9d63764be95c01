"""What a launcher has started, written down so that the next one can end it."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

import psutil
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from local_staging.stack.processes import Child
from local_staging.stack.sessions import ProcessIdentity, end_session, ended_within, relatives

_GRACE_SECONDS = 3.0


class RecordedProcess(BaseModel):
    """A started program; it leads the session whose id is its pid.

    Attributes:
        name: Its name as people know it.
        pid: Its process and session id.
        created: Its start time, which tells it from a later process with the same id.
        stop_signal: The signal that ends it in good order.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    created: float
    stop_signal: int = int(signal.SIGTERM)

    @property
    def identity(self) -> ProcessIdentity:
        """How to find it again."""
        return ProcessIdentity(self.pid, self.created)


class StackState(BaseModel):
    """The content of the state file.

    Attributes:
        started_at: When the launcher began.
        kept: Whether the stack was left running on purpose (``up``).
        processes: What runs, oldest first.
        addresses: Where each part listens, without credentials.
        private_dirs: Folders outside the state folder that go when the stack goes.
    """

    started_at: AwareDatetime = Field(default_factory=lambda: datetime.now(timezone.utc))
    kept: bool = False
    processes: list[RecordedProcess] = Field(default_factory=list)
    addresses: dict[str, str] = Field(default_factory=dict)
    private_dirs: list[Path] = Field(default_factory=list)

    def running(self) -> list[RecordedProcess]:
        """Return the recorded programs that still run."""
        return [process for process in self.processes if process.identity.process() is not None]

    def end(self) -> int:
        """End everything recorded, the last started first, and remove the private folders.

        Returns:
            How many processes there were to end.
        """
        # All are asked at once: what a killed launcher left has nobody to wait for in good order.
        left = [(process, relatives(process.identity)) for process in reversed(self.processes)]
        for process, _ in left:
            _ask_to_end(process)
        leaders = [leader for process, _ in left if (leader := process.identity.process())]
        ended_within(leaders, timeout_seconds=_GRACE_SECONDS)
        for process, known in left:
            end_session(process.identity, known)
        for folder in self.private_dirs:
            shutil.rmtree(folder, ignore_errors=True)
        return sum(len(known) for _, known in left)


class StateFile:
    """The state file; safe to use from several threads.

    Args:
        path: The file. It is only readable by its owner.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = StackState()
        self._lock = threading.Lock()

    def read(self) -> StackState | None:
        """Return what was written last, or None. A file that cannot be read says nothing that can be trusted."""
        try:
            return StackState.model_validate_json(self.path.read_bytes())
        except (OSError, ValidationError):
            return None

    def record_children(self, children: Sequence[Child]) -> None:
        """Write down which programs run now."""
        with self._lock:
            self.state.processes = [
                RecordedProcess(
                    name=child.program.name,
                    pid=child.identity.pid,
                    created=child.identity.created,
                    stop_signal=int(child.program.stop_signal),
                )
                for child in children
            ]
            self._write()

    def record_address(self, part: str, address: str) -> None:
        """Write down where a part listens."""
        with self._lock:
            self.state.addresses[part] = address
            self._write()

    def record_private_dir(self, folder: Path) -> None:
        """Write down a folder that goes when the stack goes."""
        with self._lock:
            self.state.private_dirs.append(folder)
            self._write()

    def keep(self) -> None:
        """Write down that the stack is left running on purpose."""
        with self._lock:
            self.state.kept = True
            self._write()

    def clear(self) -> None:
        """Remove the file: nothing runs any more."""
        with self._lock:
            self.state = StackState()
            self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes the file for its owner alone, and the rename keeps readers from half a file.
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(self.state.model_dump_json(indent=1))
        Path(name).replace(self.path)


def _ask_to_end(recorded: RecordedProcess) -> None:
    leader = recorded.identity.process()
    if leader is not None:
        with suppress(psutil.NoSuchProcess):
            leader.send_signal(recorded.stop_signal)
