"""What all campaigns share: a journal that a killed campaign resumes, progress, and the summary that is kept."""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from pydantic import JsonValue

from staging_validation.errors import ConfigurationError, StagingValidationError

PROJECT = Path(__file__).resolve().parents[1]
Record = dict[str, JsonValue]


class Journal:
    """The results of one campaign as JSON lines; the first line holds the terms on which they were found.

    Results that were found on different terms (another commit, another seed) are never mixed.

    Args:
        path: The file.

    Attributes:
        terms: The terms of the results; None before :meth:`begin` when there is no file yet.
        records: The results so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = list(_complete_lines(path))
        self.terms: Record | None = lines[0] if lines else None
        self.records: list[Record] = lines[1:]

    @classmethod
    def of(cls, name: str, *, fresh: bool = False, root: Path = PROJECT) -> Journal:
        """Open the journal of a campaign.

        Args:
            name: The campaign's name.
            fresh: Whether to throw former results away.
            root: The project's folder.
        """
        path = root / "build" / "campaigns" / name / "results.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        return cls(path)

    def begin(self, terms: Mapping[str, JsonValue]) -> None:
        """State the terms of the results to come.

        Raises:
            ConfigurationError: The journal holds results on other terms.
        """
        if self.terms is None:
            # Whatever is there is no whole line: a campaign was killed while it wrote its first.
            self.path.unlink(missing_ok=True)
            self._write(terms)
            self.terms = dict(terms)
        differing = sorted(name for name in {*terms, *self.terms} if terms.get(name) != self.terms.get(name))
        if differing:
            raise ConfigurationError(
                f"{self.path} holds results on other terms: {', '.join(differing)} differ.",
                remedy="start over with --fresh, or repeat the former terms",
            )

    def seed(self, chosen: int | None) -> int:
        """Return the seed to go on with: the chosen one, else that of the former results, else a new one."""
        recorded = self.terms.get("seed") if self.terms else None
        found = recorded if chosen is None else chosen
        return found if isinstance(found, int) else random.SystemRandom().randrange(2**32)

    def add(self, record: Mapping[str, JsonValue]) -> None:
        """Write a result down for good."""
        self._write(record)
        self.records.append(dict(record))

    def _write(self, line: Mapping[str, JsonValue]) -> None:
        with self.path.open("a+b") as journal:
            _drop_torn_line(self.path)
            journal.write(json.dumps(line, sort_keys=True).encode() + b"\n")
            journal.flush()
            os.fsync(journal.fileno())


def parser(name: str, description: str | None, *, runs: int) -> argparse.ArgumentParser:
    """Return a campaign's command line with the options that all have.

    Args:
        name: The campaign's name.
        description: What it measures.
        runs: How often by default.
    """
    made = argparse.ArgumentParser(prog=f"python -m campaigns.{name}", description=description)
    made.add_argument("--runs", type=_count, default=runs, help="how many runs in all (default: %(default)s)")
    made.add_argument(
        "--seed",
        type=int,
        help="seed of everything random (default: that of a resumed campaign, or a new one)",
    )
    made.add_argument("--fresh", action="store_true", help="throw former results away instead of resuming")
    return made


GOOD_EXIT, BAD_EXIT, ERROR_EXIT, INTERRUPTED_EXIT = 0, 1, 2, 130


def carried_out(campaign: Callable[[], int]) -> int:
    """Carry a campaign that can be resumed out, and say why when it cannot be.

    Args:
        campaign: Does it and returns the exit status: 0 when every promise was kept, 1 when one was not.

    Returns:
        Its exit status, 2 when it could not be carried out, 130 when it was interrupted.
    """
    try:
        with ends_in_good_order():
            return campaign()
    except KeyboardInterrupt:
        say("Interrupted; nothing was left running. The same command goes on from here.")
        return INTERRUPTED_EXIT
    except StagingValidationError as error:
        say(f"{error}")
        return ERROR_EXIT


@contextmanager
def ends_in_good_order() -> Iterator[None]:
    """End on SIGTERM as on Ctrl-C, so that what was started is stopped."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def say(text: str) -> None:
    """Print a line of progress."""
    print(text, file=sys.stderr, flush=True)


def commit() -> tuple[str, bool]:
    """Return the commit of the working tree, and whether files differ from it."""
    head = _git("rev-parse", "HEAD")
    return (head or "unknown", bool(_git("status", "--porcelain", "--", ".", ":!campaigns/results")))


def write_summary(
    name: str, found: Mapping[str, JsonValue], *, packages: Sequence[str] = (), root: Path = PROJECT
) -> Path:
    """Write the summary of a finished campaign: what was found, when, where and with which versions.

    Args:
        name: The campaign's name.
        found: What was found.
        packages: Python packages whose versions matter.
        root: The project's folder.

    Returns:
        The file.
    """
    head, modified = commit()
    summary: Record = {
        "campaign": name,
        "commit": head,
        "working_tree_modified": modified,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"},
        "versions": {
            "python": platform.python_version(),
            **{package: metadata.version(package) for package in packages},
        },
        **found,
    }
    path = root / "campaigns" / "results" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return path


def _git(*arguments: str) -> str:
    try:
        asked = subprocess.run(
            ("git", *arguments), cwd=PROJECT, capture_output=True, text=True, check=False, timeout=30
        )
    except FileNotFoundError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def _complete_lines(path: Path) -> Iterator[Record]:
    """Yield the lines that were written to their end: a campaign may be killed in the middle of one."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield json.loads(line)


def _drop_torn_line(path: Path) -> None:
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        os.truncate(path, content.rfind(b"\n") + 1)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not 1 or more")
    return int(text)
