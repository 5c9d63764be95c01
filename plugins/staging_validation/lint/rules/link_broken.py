"""A link must lead somewhere, with variables that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from staging_validation.dashboards.model import Dashboard, Link, Panel, Variable
from staging_validation.dashboards.reading_parts import read_links
from staging_validation.lint.context import Context, FileSet
from staging_validation.lint.dashboard_facts import (
    instead_of,
    is_whole,
    raw_at,
    undefined_in,
)
from staging_validation.lint.finding import Severity
from staging_validation.lint.rule import Fault, Rule

_TO_DASHBOARD = re.compile(r"/d(?:-solo)?/([A-Za-z0-9_-]+)")
_SETS_VARIABLE = re.compile(r"[?&]var-([^=&]+)")


def _check(subject: Dashboard | Panel, context: Context) -> Iterator[Fault]:
    dashboard = context.dashboard
    if dashboard is None or not is_whole(dashboard):
        return
    if isinstance(subject, Dashboard):
        links, variables = subject.links, dashboard.variables
    else:
        links = (*subject.links, *_in_overrides(subject, dashboard))
        variables = dict(dashboard.variables_of(subject))
    for link in links:
        yield from _link_faults(link, variables, dashboard)
        yield from _target_faults(link, context.files)


def _in_overrides(panel: Panel, dashboard: Dashboard) -> Iterator[Link]:
    """Yield the data links that a panel has for some of its fields."""
    for override in panel.overrides:
        if not isinstance(override.properties.get("links"), list):
            continue
        entries: Any = raw_at(dashboard, f"{override.pointer}/properties")
        for position, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and entry.get("id") == "links":
                yield from read_links(
                    entry.get("value"), f"{override.pointer}/properties/{position}/value", "data"
                )


def _link_faults(link: Link, variables: Mapping[str, Variable], dashboard: Dashboard) -> Iterator[Fault]:
    name = f"The link {link.title!r}" if link.title else "The link"
    if not link.url.strip() and not link.lists_dashboards and not _is_old(link, dashboard):
        yield Fault(
            f"{name} has no address: a click leads nowhere.",
            "give it an address, or remove it",
            pointer=f"{link.pointer}/url",
            severity=Severity.WARNING,
        )
    for field, text in (("url", link.url), ("title", link.title)):
        for use in undefined_in(text, variables, dashboard):
            consequence = (
                "the address carries it as it is written, and the other side opens with nothing chosen"
                if field == "url"
                else "the title shows it as it is written"
            )
            yield Fault(
                f"{name} uses the variable ${use.name}, which nothing defines: {consequence}.",
                instead_of(use.name, variables),
                pointer=f"{link.pointer}/{field}",
                evidence={"variable": use.name, field: text},
                severity=None if field == "url" else Severity.WARNING,
            )


def _is_old(link: Link, dashboard: Dashboard) -> bool:
    """Tell whether a link names its dashboard as Grafana did before version 6, which it still understands."""
    entry = raw_at(dashboard, link.pointer)
    return isinstance(entry, dict) and any(
        entry.get(key) for key in ("dashUri", "dashboard", "targetBlankUri")
    )


def _target_faults(link: Link, files: FileSet) -> Iterator[Fault]:
    """Yield a fault where a link sets variables that the dashboard it leads to, which is among the files, lacks."""
    target = _TO_DASHBOARD.search(link.url)
    if target is None:
        return
    names = [name for name in _SETS_VARIABLE.findall(link.url) if "$" not in name]
    other = (
        next((found for _, found in files.dashboards() if found.uid == target[1]), None) if names else None
    )
    if other is None:
        return
    defined = {variable.name for variable in other.all_variables}
    for name in dict.fromkeys(names):
        if name not in defined:
            yield Fault(
                f"The link sets the variable {name}, which the dashboard {other.title!r} does not have: it opens "
                "unfiltered.",
                f"its variables are {', '.join(sorted(defined)) or '(none)'}",
                pointer=f"{link.pointer}/url",
                severity=Severity.WARNING,
                evidence={"variable": name, "dashboard": other.uid},
            )


RULE = Rule(
    id="link-broken",
    summary="A link leads nowhere, or uses a variable that is not there.",
    severity=Severity.ERROR,
    subject=(Dashboard, Panel),
    check=_check,
    classes=("B14",),
)
