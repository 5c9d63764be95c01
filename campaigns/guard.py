"""Takes every check out of the guard's modules, one at a time, and proves that a test turns red for each.

Run it with ``python -m campaigns.guard``. It works on a copy of the project below ``build/campaigns/guard``, keeps what
it has found so far there, and goes on from there the next time: what was killed stays killed while its module is the
same; survivors are tried again. Mutants that change nothing that matters are listed, with the reason, in
``campaigns/guard_equivalent.yaml``. Exit status 1 when a mutant survives that is not listed there, or when the list
names one that does not exist.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from campaigns.common import PROJECT, Journal, Record, ends_in_good_order, say, write_summary
from campaigns.guard_mutants import Mutant, mutants
from campaigns.guard_trial import KILLED, PACKAGE, STAGES, SURVIVED, Workshop

NAME = "guard"
EQUIVALENT = Path(__file__).with_name("guard_equivalent.yaml")
MODULES = (
    "environment/*.py",
    "clients/environment.py",
    "clients/guarding.py",
    "clients/marker.py",
    "airflow/policy.py",
    "airflow/hooks/*.py",
    "airflow/operators/guard.py",
)
"""The modules that decide, relative to the package."""


@dataclass(frozen=True)
class Scope:
    """Which part of the campaign is run.

    Attributes:
        only: A text that the mutants' ids must hold.
        every: Only every so manieth mutant.
        limit: At most so many mutants; None for all.
        stages: Only the first so many stages of tests; None for all.
    """

    only: str = ""
    every: int = 1
    limit: int | None = None
    stages: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole campaign, whose summary is kept."""
        return self == Scope()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign and return its exit status."""
    options = _options(arguments)
    scope = Scope(options.only, options.every, options.limit, options.stages)
    journal = Journal.of(NAME, fresh=options.fresh)
    with ends_in_good_order(), Workshop(PROJECT, journal.path.parent / "tree") as workshop:
        summary = run(scope, journal, workshop, baseline=not options.skip_baseline)
    for line in told(summary):
        say(line)
    if scope.is_whole:
        stages: Record = {layer: [" ".join(tests) for tests in stages] for layer, stages in STAGES.items()}
        path = write_summary(NAME, {**summary, "stages": stages}, packages=("apache-airflow-core", "pytest"))
        say(f"Summary: {path}")
    return 1 if summary["survived"] or summary["stale"] else 0


def run(scope: Scope, journal: Journal, workshop: Workshop, *, baseline: bool = True) -> Record:
    """Try the mutants of a scope.

    Args:
        scope: Which ones.
        journal: Where results are kept, and where those of former runs are.
        workshop: The copy of the project to try them in.
        baseline: Whether to run the tests without a mutant first: where they are red, they prove nothing.

    Returns:
        The summary.
    """
    journal.begin({"campaign": NAME})
    every = list(_all_mutants(workshop))
    chosen = [(module, mutant) for module, mutant in every if scope.only in mutant.id]
    chosen = chosen[:: scope.every][: scope.limit]
    accepted = read_equivalent(EQUIVALENT)
    if baseline:
        _require_green(workshop, {module for module, _ in chosen}, scope.stages)
    found = dict(_try_all(workshop, chosen, journal, accepted, scope.stages))
    return summarise(found, accepted, sorted(set(accepted) - {mutant.id for _, mutant in every}))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m campaigns.{NAME}", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="forget what former runs have found")
    parser.add_argument("--only", default="", metavar="TEXT", help="only mutants whose id holds this text")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth mutant")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many mutants")
    parser.add_argument("--stages", type=int, metavar="N", help="only the first N stages of tests")
    parser.add_argument(
        "--skip-baseline", action="store_true", help="do not run the tests without a mutant first"
    )
    return parser.parse_args(arguments)


def _all_mutants(workshop: Workshop) -> Iterator[tuple[str, Mutant]]:
    for pattern in MODULES:
        for path in sorted((PROJECT / PACKAGE).glob(pattern)):
            module = path.relative_to(PROJECT / PACKAGE).as_posix()
            yield from ((module, mutant) for mutant in mutants(module, workshop.source(module)))


def read_equivalent(path: Path) -> dict[str, str]:
    """Read the mutants that need no red test, with the reasons, by the mutants' ids.

    Raises:
        ValueError: An entry has no reason.
    """
    entries = (yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None) or []
    listed = {mutant: str(entry.get("reason") or "") for entry in entries for mutant in entry["mutants"]}
    if bare := [mutant for mutant, reason in listed.items() if not reason.strip()]:
        raise ValueError(f"{path} gives no reason for {bare[0]}")
    return listed


def _killed_before(workshop: Workshop, journal: Journal) -> dict[str, Record]:
    """Return what former runs killed, as far as the modules are still the same."""
    digests = {module: _digest(workshop.source(module)) for module in {m for m, _ in _all_mutants(workshop)}}
    return {
        str(record["id"]): record
        for record in journal.records
        if record["outcome"] != SURVIVED and record["digest"] == digests.get(str(record["module"]))
    }


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def _require_green(workshop: Workshop, modules: set[str], stages: int | None) -> None:
    """Run the tests without any mutant: a red one would kill all of them."""
    for layer in sorted({module.partition("/")[0] for module in modules}):
        module = next(module for module in sorted(modules) if module.startswith(layer))
        trial = workshop.try_source(module, workshop.source(module), stages=stages)
        if trial.outcome != SURVIVED:
            raise SystemExit(f"{trial.by} is red without any mutant: see {workshop.folder / 'tests.log'}")


def _try_all(
    workshop: Workshop,
    chosen: Sequence[tuple[str, Mutant]],
    journal: Journal,
    accepted: Mapping[str, str],
    stages: int | None,
) -> Iterator[tuple[str, Record]]:
    killed = _killed_before(workshop, journal)
    for number, (module, mutant) in enumerate(chosen, 1):
        if mutant.id in accepted:
            yield mutant.id, {"module": module, "outcome": "equivalent"}
            continue
        if mutant.id not in killed:
            trial = workshop.try_source(module, mutant.source, stages=stages)
            killed[mutant.id] = {
                "id": mutant.id,
                "module": module,
                "line": mutant.line,
                "digest": _digest(workshop.source(module)),
                "outcome": trial.outcome,
                "by": trial.by,
                "seconds": trial.seconds,
            }
            journal.add(killed[mutant.id])
            say(f"{number}/{len(chosen)} {trial.outcome} after {trial.seconds:g} s: {mutant.id}")
        yield mutant.id, killed[mutant.id]


def summarise(found: Mapping[str, Record], accepted: Mapping[str, str], stale: Sequence[str]) -> Record:
    """Count what became of the mutants.

    Args:
        found: Results by the mutants' ids.
        accepted: Reasons of the equivalent ones, by their ids.
        stale: Ids in the list of equivalent ones that no mutant has any more.
    """
    by_module: dict[str, Counter[str]] = {}
    for record in found.values():
        by_module.setdefault(str(record["module"]), Counter())[str(record["outcome"])] += 1
    return {
        "mutants": len(found),
        "killed": sum(counts[KILLED] for counts in by_module.values()),
        "survived": [mutant for mutant, record in found.items() if record["outcome"] == SURVIVED],
        "equivalent": {mutant: reason for mutant, reason in accepted.items() if mutant in found},
        "stale": list(stale),
        "by_module": {module: dict(counts) for module, counts in by_module.items()},
    }


def told(summary: Record) -> list[str]:
    """Return a summary in lines for people."""
    survived, stale, equivalent = (summary[name] for name in ("survived", "stale", "equivalent"))
    lines = [f"Survived: {mutant}" for mutant in _listed(survived)]
    lines += [f"Listed as equivalent, but there is no such mutant: {mutant}" for mutant in _listed(stale)]
    counted = f"{summary['mutants']} mutants: {summary['killed']} killed, {len(_listed(survived))} survived"
    return [*lines, f"{counted}, {len(_listed(equivalent))} equivalent."]


def _listed(value: object) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, (list, dict)) else []


if __name__ == "__main__":
    sys.exit(main())
