"""No block of the guide and the walks goes unread: it is run, or says why not; data in it can be parsed."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.docs.blocks import DOCS, PROJECT, blocks

PAGES = ("STAGING_DEPLOYMENT.md", "extending.md")
RUN = ("bash", "sql")
"""What ``test_staging_deployment.py`` and ``test_extending.py`` run, unless a block says why not."""

DATA = ("yaml", "json", "python", "dockerfile", "text")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_language_that_somebody_looks_after(page):
    strange = [block.line for block in blocks(page) if block.language not in (*RUN, *DATA)]
    assert strange == []


@pytest.mark.parametrize("page", PAGES)
def test_only_commands_are_marked_and_every_mark_has_a_reason(page):
    text = (DOCS / page).read_text()
    marked = [block for block in blocks(page) if block.reason]
    assert len(marked) == text.count("<!-- not run"), "a mark stands before no block, or has no reason"
    assert [block.line for block in marked if block.language not in RUN] == []


@pytest.mark.parametrize("page", PAGES)
def test_data_can_be_parsed(page):
    for block in blocks(page):
        if block.language == "yaml":
            assert all(isinstance(part, dict) for part in yaml.safe_load_all(block.text)), block.line
        if block.language == "json":
            json.loads(block.text)
        if block.language == "python":
            compile(block.text, f"{page}:{block.line}", "exec")


@pytest.mark.parametrize("page", PAGES)
def test_the_connections_of_manifests_are_json(page):
    text = (DOCS / page).read_text()
    values = re.findall(r"AIRFLOW_CONN_\w+: '(.*)'$", text, re.MULTILINE)
    assert all("conn_type" in json.loads(value) for value in values)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (DOCS / page).read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = DOCS / name if name else DOCS / page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, target


def test_the_error_texts_of_the_guide_are_real():
    text = (DOCS / "STAGING_DEPLOYMENT.md").read_text()
    section = text.partition("## 5. Troubleshooting")[2].partition("## 6.")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    quoted = [
        found for row in rows for found in re.findall(r"`([^`]+)`", row.split(" | ")[0]) if " " in found
    ]
    sources = "\n".join(
        path.read_text()
        for folder in ("plugins/staging_validation", "local_staging")
        for path in sorted((PROJECT / folder).rglob("*.py"))
    )
    joined = re.sub(r'"\s*\n\s*f?"', "", sources)
    invented = [said for said in quoted if _as_written(said) not in re.sub(r"\{[^{}]*\}", "#", joined)]
    assert len(quoted) > 12
    assert invented == []


def _as_written(said: str) -> str:
    return re.sub(r"\d+", "#", said)
