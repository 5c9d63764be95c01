"""The zoo as tables: for a terminal, and as the page ``docs/bug_zoo.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Column, Table

from local_staging.faults.model import Fault, Notice, Place

Zoo = Mapping[Place, Sequence[Fault]]

TITLES = {Place.SERVICE: "The billing service", Place.SANDBOX: "The Stripe sandbox"}
COMMANDS = {
    Place.SERVICE: "python -m local_staging.service serve --port 8000 --fault",
    Place.SANDBOX: "python -m local_staging.stripe_sandbox --port 8001 --fault",
}
_HEAD = """\
# The bug zoo

{faults} faults that can be switched on in the embedded staging, each of which breaks one promise of the platform. The
suite switches every one of them on, runs the workflow beside it against the real service, the sandbox and PostgreSQL,
and demands that the named check fails with a message that tells what is right (`*` and `…` stand for anything).
**{noticed} of {faults} are noticed ({rate}).** Without a fault all workflows are green, which the suite holds as well.
Workflows and faults were brought to agree, so the rate says nothing of faults that nobody has thought of.

A fault is on for the whole process, and its log says so. `--fault` can be given several times:

```bash
{commands}
```

This page is generated from `local_staging/faults/`, where a new fault is one entry in the module of its topic: a name,
what is right, what is changed, and who notices it by which words. Do not edit the page, write it anew:

```bash
python -m local_staging.faults --markdown > docs/bug_zoo.md
```
"""
_UNNOTICED = """\
## Not noticed

| fault | what is right | why no workflow notices |
| --- | --- | --- |
"""


def page(zoo: Zoo) -> str:
    """Return the page, in Markdown.

    Args:
        zoo: The faults of each place.
    """
    everything = [fault for faults in zoo.values() for fault in faults]
    noticed = [fault for fault in everything if fault.notice]
    commands = "\n".join(f"{COMMANDS[place]} {zoo[place][0].name}" for place in zoo)
    head = _HEAD.format(
        faults=len(everything),
        noticed=len(noticed),
        rate=rate(len(noticed), len(everything)),
        commands=commands,
    )
    missed = [fault for fault in everything if fault.unnoticed]
    rows = [f"| `{fault.name}` | {fault.right} | {_sentence(fault.unnoticed)} |\n" for fault in missed]
    return "\n".join(
        [head, *(_section(place, faults) for place, faults in zoo.items()), _UNNOTICED + "".join(rows)]
    )


def listing(place: Place, faults: Sequence[Fault]) -> Table:
    """Return the faults of a place as a table for a terminal."""
    table = Table(
        Column("fault", no_wrap=True),
        "what is right",
        "noticed by",
        title=f"{TITLES[place]} ({place.value})",
        title_justify="left",
    )
    for fault in faults:
        table.add_row(fault.name, fault.right, fault.notice.workflow if fault.notice else "nobody")
    return table


def rate(noticed: int, faults: int) -> str:
    """Return the share of the faults that are noticed, in percent."""
    return f"{100 * noticed / faults:.1f} %"


def _section(place: Place, faults: Sequence[Fault]) -> str:
    lines = [f"## {TITLES[place]}\n", "| fault | what is right | noticed by |", "| --- | --- | --- |"]
    lines += [
        f"| `{fault.name}` | {fault.right} | {_words(fault.notice)} |" for fault in faults if fault.notice
    ]
    return "\n".join(lines) + "\n"


def _words(notice: Notice) -> str:
    said = notice.says.replace("|", "\\|").replace("<", "&lt;")
    return f"`{notice.workflow}` at `{notice.check}`: “{said}”"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
