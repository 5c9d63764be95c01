"""The schema for editors accepts exactly the files whose entries the model accepts."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from staging_validation.errors import CatalogueError
from staging_validation.project import include_dir
from staging_validation.source_files import SourceFile
from staging_validation.telemetry import parse_catalogue
from staging_validation.telemetry.json_schema import SCHEMA_FILE, schema_text
from staging_validation.telemetry.model import CatalogueFile

FILE = yaml.safe_load("""\
event_prefix: shop.
values:
  plan: {values: [basic, big], open: true}
events:
  sold:
    help: Something was sold.
    measurements: {amount: cents}
    labels: {plan: {values: plan, fallback: basic}}
metrics:
  - {name: shop_sold_total, type: counter, help: Sales., unit: events, event: sold, labels: [plan], seed: true}
  - {name: shop_amount, type: histogram, help: Amounts., unit: cents, event: sold, observes: amount,
     when: {plan: big}, labels: [plan], buckets: [1, 10.5]}
  - {name: shop_open, type: gauge, help: Open orders., unit: events, source: database, labels: [plan],
     values: {plan: plan}}
synthetic:
  events: [{event: sold, count: 2, labels: {plan: basic}, measurements: {amount: [1, 5]}}]
  gauges: [{metric: shop_open, labels: {plan: basic}, value: 3}]
""")
"""Every part of a file once."""

Place = tuple[Any, ...]

# What people put into the wrong place: other types, other words of the catalogue, limits and their neighbours.
STRANGE = [
    None, "", "x", "Big", "2 words", "shop_again_total", "shop_again_count", "le", "counter", "gauge", "histogram",
    "cents", "database", 0, -1, 1.0, 1.5, 10**15, 10**15 + 1, 1e300, True, False, [], {}, ["x"], ["x", "x"], ["", "x"],
    ["le"], [1, 5], [5, 1], [1, 2, 3], [1.0, 2.5], ["1", "2"], {"x": "y"}, {"X": "y"}, {"x": 1}, {"x": {}},
]  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(include_dir("telemetry", SCHEMA_FILE).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def model_accepts(content: object) -> bool:
    try:
        CatalogueFile.model_validate(content)
    except ValidationError:
        return False
    return True


def places(value: object, here: Place = ()) -> Iterator[Place]:
    yield here
    if isinstance(value, dict):
        for key, below in value.items():
            yield from places(below, (*here, key))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from places(below, (*here, position))


PLACES = [place for place in places(FILE) if place]
REMOVED = object()


def changed(*changes: tuple[Place, object]) -> Any:
    """Return the file with other values at some places; a place that an earlier change removed is left alone."""
    content = copy.deepcopy(FILE)
    for place, value in changes:
        parent = content
        try:
            for step in place[:-1]:
                parent = parent[step]
            if value is REMOVED:
                del parent[place[-1]]
            else:
                parent[place[-1]] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue
    return content


def mutants() -> Iterator[Any]:
    for place in PLACES:
        yield from (changed((place, value)) for value in (*STRANGE, REMOVED))
        yield changed(((*place, "unheard_of"), 1))
        yield changed(((*place[:-1], "unheard_of"), 1))


def test_the_shipped_schema_is_not_stale():
    shipped = include_dir("telemetry", SCHEMA_FILE).read_text(encoding="utf-8")
    assert shipped == schema_text(), (
        f"run: staging-validation catalogue --schema --write include/telemetry/{SCHEMA_FILE}"
    )


def test_the_shipped_catalogue_names_the_schema_and_keeps_it(validator, catalogue_file):
    assert catalogue_file.text.startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")
    assert list(validator.iter_errors(yaml.safe_load(catalogue_file.text))) == []


def test_what_the_schema_refuses_the_model_refuses_and_the_other_way_round(validator):
    every = list(mutants())
    verdicts = [(validator.is_valid(content), model_accepts(content)) for content in every]
    differing = [content for content, (schema, model) in zip(every, verdicts, strict=True) if schema != model]
    assert differing == []
    assert len(every) > 2500
    assert 100 < sum(model for _, model in verdicts) < len(every) - 1000


CHANGES = st.tuples(st.sampled_from(PLACES), st.sampled_from([*STRANGE, REMOVED]))


@given(changes=st.lists(CHANGES, min_size=2, max_size=4))
def test_they_agree_on_several_changes_at_once(validator, changes):
    content = changed(*changes)
    assert validator.is_valid(content) == model_accepts(content)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("metrics", 0, "name"), "shop_sold"),
        (("metrics", 0, "buckets"), [1]),
        (("metrics", 0, "values"), {"plan": "plan"}),
        (("metrics", 1, "observes"), REMOVED),
        (("metrics", 1, "name"), "shop_amount_bucket"),
        (("metrics", 1, "labels"), ["job"]),
        (("metrics", 1, "labels"), ["plan", "plan"]),
        (("metrics", 2, "source"), REMOVED),
        (("metrics", 2, "event"), "sold"),
        (("metrics", 2, "when"), {"plan": "big"}),
        (("metrics", 2, "colour"), "red"),
        (("events", "Sold"), {"help": "No.", "labels": {}}),
        (("event_prefix",), REMOVED),
        (("synthetic", "events", 0, "count"), -1),
    ],
)
def test_what_the_schema_refuses_stops_the_catalogue(validator, place, value):
    content = changed((place, value))
    assert not validator.is_valid(content)
    with pytest.raises(CatalogueError, match=r"shop.yaml:\d+: "):
        parse_catalogue([SourceFile("shop.yaml", yaml.safe_dump(content))])


def test_the_file_that_is_changed_is_right(validator):
    assert validator.is_valid(FILE)
    assert parse_catalogue([SourceFile("shop.yaml", yaml.safe_dump(FILE))]).metrics
    assert validator.is_valid({"metrics": FILE["metrics"]})
