"""Breaks files as a whole: their syntax, envelope, schema, title, uid and version (classes A1 to A7, A16)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.dashboards.formats import to_v1, to_v2, to_wrapped
from tests.lint.mutation.documents import drop, look, put
from tests.lint.mutation.mutant import EVERYTHING, Change, Control, Place, as_text, operator

_SHARES = (0.2, 0.5, 0.8)


def _lines(control: Control, pattern: str) -> Iterator[tuple[int, list[str]]]:
    """Yield some lines of a file that match, spread over it, with all lines."""
    lines = control.text.split("\n")
    found = [number for number, line in enumerate(lines) if re.search(pattern, line)]
    for share in _SHARES:
        yield found[int(share * len(found))], list(lines)


def _changed(what: str, lines: list[str], number: int) -> Change:
    return Change(f"{what}, line {number + 1}", (Place(line=number + 1),), text="\n".join(lines))


@operator("A1", "file-syntax")
def comma_too_many(control: Control) -> Iterator[Change]:
    """A comma behind the last entry."""
    for number, lines in _lines(control, r'^\s*"\w+": ("[^"]*"|\d+)$'):
        lines[number] += ","
        yield _changed("comma too many", lines, number + 1)


@operator("A1", "file-syntax")
def comma_missing(control: Control) -> Iterator[Change]:
    """No comma between two entries."""
    for number, lines in _lines(control, r'^\s*"\w+": .*",$'):
        lines[number] = lines[number][:-1]
        yield _changed("comma missing", lines, number + 1)


@operator("A1", "file-syntax")
def key_twice(control: Control) -> Iterator[Change]:
    """A key twice in one object."""
    for number, lines in _lines(control, r'^\s*"(title|expr|refId|name)": "'):
        lines.insert(number + 1, lines[number].rstrip(",") + ",")
        lines[number] = lines[number].rstrip(",") + ","
        if not lines[number + 2].strip().startswith('"'):
            lines[number + 1] = lines[number + 1].rstrip(",")
        yield _changed("key twice", lines, number + 1)


@operator("A1", "file-syntax")
def no_number_of_json(control: Control) -> Iterator[Change]:
    """NaN and the like, which JSON does not know."""
    for (number, lines), word in zip(
        _lines(control, r": \d+,$"), ("NaN", "Infinity", "-Infinity"), strict=True
    ):
        lines[number] = re.sub(r": \d+,$", f": {word},", lines[number])
        yield _changed(word, lines, number)


@operator("A1", "file-syntax", on=EVERYTHING)
def cut_off(control: Control) -> Iterator[Change]:
    """Only the beginning of the file."""
    lines = control.text.split("\n")
    for share in _SHARES:
        kept = lines[: int(len(lines) * share)]
        yield _changed("cut off", kept, len(kept) - 1)


@operator("A1", "file-syntax")
def byte_order_mark(control: Control) -> Iterator[Change]:
    """A byte order mark in front."""
    yield Change("byte order mark", (Place(line=1),), text="\ufeff" + control.text)


@operator("A1", "file-syntax")
def comment(control: Control) -> Iterator[Change]:
    """A comment."""
    for number, lines in _lines(control, r'^\s*"'):
        lines.insert(number, "  // changed by hand")
        yield _changed("comment", lines, number)


@operator("A1", "file-syntax")
def not_one_document(control: Control) -> Iterator[Change]:
    """Nothing, something behind the end, or a second document."""
    last = control.text.count("\n") + 1
    yield Change("empty", (Place(line=1),), text="")
    yield Change("garbage behind", (Place(line=last),), text=control.text + " x")
    yield Change("twice", (Place(line=last),), text=control.text + control.text)
    yield Change("merge conflict", (Place(line=1),), text="<<<<<<< HEAD\n" + control.text)


@operator("A1", "file-syntax", on=("rules",))
def tab_in_yaml(control: Control) -> Iterator[Change]:
    """A tab where YAML wants blanks, in a file in YAML's own style."""
    text = "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up == 0\n"
    for number, line in enumerate(("groups:", "    rules:", "        expr: up == 0")):
        broken = text.replace(line, "\t" + line.strip() if number else "groups:\n\t- name: b", 1)
        place = broken.split("\n").index(next(found for found in broken.split("\n") if "\t" in found))
        yield Change(f"tab before {line.strip()}", (Place(line=place + 1),), text=broken)


@operator("A2", "file-channel", "file-envelope", on=("classic",))
def wrapped(control: Control) -> Iterator[Change]:
    """The wrapper of the HTTP API, which the file provisioner refuses."""
    yield Change("wrapped", (Place("/dashboard"),), to_wrapped(control.document))
    yield Change("wrapped, without meta", (Place("/dashboard"),), {"dashboard": control.document})
    upload = {"dashboard": control.document, "overwrite": True, "folderUid": "billing"}
    yield Change("as it is uploaded", (Place("/dashboard"),), upload)


@operator("A2", "file-channel", "file-envelope", on=("v2",))
def bare(control: Control) -> Iterator[Change]:
    """A dashboard of version 2 without its envelope."""
    yield Change("bare", (Place(""),), control.document["spec"])


@operator("A2", "file-channel", "file-envelope")
def no_dashboard(control: Control) -> Iterator[Change]:
    """Something else than one dashboard."""
    yield Change("a list", (Place(""),), [control.document])
    yield Change("something around it", (Place(""),), {"data": control.document})
    resource = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}, "spec": control.document}
    yield Change("a resource of another group", (Place("/apiVersion"),), resource)


@operator("A3", "file-envelope", "file-schema", on=("v1", "v2"))
def unknown_version(control: Control) -> Iterator[Change]:
    """A version of the resource that does not exist, or another kind."""
    for version in ("v3", "v2gamma1", "2"):
        changed = put(control.document, "/apiVersion", f"dashboard.grafana.app/{version}")
        yield Change(version, (Place("/apiVersion"),), changed)
    yield Change("kind", (Place("/kind"),), put(control.document, "/kind", "Dashbord"))
    yield Change("no kind", (Place("/kind"),), drop(control.document, "/kind"))


@operator("A3", "file-envelope", "file-schema", on=("v2",))
def other_body(control: Control) -> Iterator[Change]:
    """A version that does not fit what the resource holds."""
    changed = put(control.document, "/apiVersion", "dashboard.grafana.app/v1beta1")
    yield Change("v1 over elements", (Place("/apiVersion"),), changed)


@operator("A3", "file-schema", "file-envelope", on=("v2",))
def against_the_schema(control: Control) -> Iterator[Change]:
    """What version 2 does not take: a data source as text, a missing kind, an unknown field."""
    for panel in list(control.panels())[:4]:
        if not panel.targets:
            continue
        query = f"{panel.targets[0].pointer}/spec/query"
        place = (Place(f"{query}/datasource"),)
        yield Change(
            f"data source as text in {panel.id}", place, put(control.document, place[0].pointer, "p")
        )
        for gone in (f"{query}/kind", f"{panel.targets[0].pointer}/spec/query", f"{panel.spec}/vizConfig"):
            yield Change(f"{gone} gone", (Place(gone),), drop(control.document, gone))
        for added in (f"{panel.spec}/gridPos", f"{query}/refId", f"{panel.spec}/datasource"):
            yield Change(f"{added} added", (Place(added),), put(control.document, added, {}))
    for pointer, value in (("/spec/title", 5), ("/spec/tags", "billing"), ("/spec/cursorSync", "off")):
        yield Change(f"{pointer} = {value!r}", (Place(pointer),), put(control.document, pointer, value))


@operator("A3", "file-schema", on=("classic", "v1"))
def other_type(control: Control) -> Iterator[Change]:
    """A field of another type than its reader expects."""
    wrong: tuple[tuple[str, Any], ...] = (
        ("title", 5),
        ("tags", "billing"),
        ("templating", []),
        ("time", "now-1h"),
        ("panels", {}),
        ("refresh", 30),
    )
    for name, value in wrong:
        pointer = f"{control.body}/{name}"
        yield Change(f"{name} = {value!r}", (Place(pointer),), put(control.document, pointer, value))
    for panel in list(control.panels())[:3]:
        for name, value in (("targets", {}), ("title", ["x"]), ("fieldConfig", [])):
            pointer = f"{panel.pointer}/{name}"
            yield Change(f"{pointer} = {value!r}", (Place(pointer),), put(control.document, pointer, value))


@operator("A4", "dashboard-without-title")
def title(control: Control) -> Iterator[Change]:
    """No title, an empty one, one that is too long."""
    pointer = f"{control.body}/title"
    yield Change("gone", (Place(pointer),), drop(control.document, pointer))
    for value in ("", "  ", "x" * 5001):
        yield Change(f"{value[:5]!r}", (Place(pointer),), put(control.document, pointer, value))


@operator("A5", "dashboard-uid")
def uid(control: Control) -> Iterator[Change]:
    """No uid, illegal characters, too long."""
    pointer = control.dashboard.uid_pointer
    yield Change("gone", (Place(pointer),), drop(control.document, pointer))
    for value in ("", "billing/metrics", "billing metrics", "x" * 41, "größe"):
        yield Change(f"{value!r}", (Place(pointer),), put(control.document, pointer, value))


@operator("A6", "duplicate-dashboard-uid")
def uid_of_another(control: Control) -> Iterator[Change]:
    """Another file has the same uid."""
    titled = put(control.document, f"{control.body}/title", "Another Title")
    place = (Place(control.dashboard.uid_pointer), Place("/metadata/name"))
    yield Change("same format", place, control.document, more={"other.json": as_text(titled)})
    if "classic" in control.tags:
        yield Change("as version 1", place, control.document, more={"other.json": as_text(to_v1(titled))})
        if "shipped" in control.tags:
            yield Change("as version 2", place, control.document, more={"other.json": as_text(to_v2(titled))})


@operator("A6", "duplicate-dashboard-title")
def title_of_another(control: Control) -> Iterator[Change]:
    """Another file has the same title."""
    named = put(control.document, control.dashboard.uid_pointer, "another-uid")
    place = (Place(f"{control.body}/title"), Place("/spec/title"))
    yield Change("same format", place, control.document, more={"other.json": as_text(named)})


@operator("A7", "schema-version", "file-schema", on=("classic", "v1"))
def schema_version(control: Control) -> Iterator[Change]:
    """No version, one that cannot be migrated, one that does not exist yet."""
    pointer = f"{control.body}/schemaVersion"
    yield Change("gone", (Place(pointer),), drop(control.document, pointer))
    for value in (0, 5, 8, 43, 99, 1000):
        yield Change(str(value), (Place(pointer),), put(control.document, pointer, value))


@operator("A16", "environment-mixed-up")
def environment(control: Control) -> Iterator[Change]:
    """Title, uid and tags name different environments."""
    title_at, uid_at, tags_at = f"{control.body}/title", control.dashboard.uid_pointer, f"{control.body}/tags"
    former, uid_was = look(control.document, title_at), look(control.document, uid_at)
    for titled, named in (
        ("Staging", "production"),
        ("Production", "staging"),
        ("Prod", "stg"),
        ("Dev", "prod"),
    ):
        changed = put(control.document, title_at, f"{former} ({titled})")
        places = (Place(title_at), Place(uid_at))
        yield Change(f"{titled}, uid {named}", places, put(changed, uid_at, f"{uid_was[:20]}-{named}"))
        tagged = put(changed, tags_at, ["billing", named])
        yield Change(f"{titled}, tag {named}", (Place(title_at), Place(tags_at)), tagged)


OPERATORS = (
    comma_too_many, comma_missing, key_twice, no_number_of_json, cut_off, byte_order_mark, comment,
    not_one_document, tab_in_yaml, wrapped, bare, no_dashboard, unknown_version, other_body, against_the_schema,
    other_type, title, uid, uid_of_another, title_of_another, schema_version, environment,
)  # fmt: skip
