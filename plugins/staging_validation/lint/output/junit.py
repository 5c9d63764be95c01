"""Findings as JUnit XML, for the test pages of build servers: a suite for each file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from staging_validation.lint.finding import Finding, LintResult, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML has no way to write."""


def to_junit(result: LintResult) -> str:
    """Write findings as JUnit XML.

    An error is a failure. A warning is a test that passed and says so in its output: build servers know no
    weaker failure. A file without findings is one passed test, and what was not checked is a skipped one.
    """
    root = ET.Element("testsuites", name="staging-validation lint")
    of_files: dict[str, list[Finding]] = {path: [] for path in result.files}
    for finding in result.findings:
        of_files.setdefault(finding.file, []).append(finding)
    for path, findings in of_files.items():
        _suite(root, path, findings)
    if result.skipped:
        suite = ET.SubElement(root, "testsuite", name="not checked")
        for skipped in result.skipped:
            case = ET.SubElement(suite, "testcase", classname="not checked", name=_clean(skipped.what))
            ET.SubElement(case, "skipped", message=_clean(f"{skipped.reason} ({skipped.count} times)"))
        _totals(suite, tests=len(result.skipped), failures=0, skipped=len(result.skipped))
    suites = list(root)
    _totals(
        root,
        tests=sum(int(suite.get("tests", 0)) for suite in suites),
        failures=result.count(Severity.ERROR),
        skipped=len(result.skipped),
    )
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(root: ET.Element, path: str, findings: Sequence[Finding]) -> None:
    suite = ET.SubElement(root, "testsuite", name=_clean(path))
    for finding in findings:
        name = f"{finding.rule} {finding.pointer}".strip()
        case = ET.SubElement(suite, "testcase", classname=_clean(path), name=_clean(name), file=_clean(path))
        case.set("line", str(finding.line))
        if finding.severity is Severity.ERROR:
            failure = ET.SubElement(case, "failure", type=finding.rule, message=_clean(finding.message))
            failure.text = _clean(_told(finding))
        else:
            output = ET.SubElement(case, "system-out")
            output.text = _clean(f"{finding.severity.value}: {_told(finding)}")
    if not findings:
        ET.SubElement(suite, "testcase", classname=_clean(path), name="no findings", file=_clean(path))
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    _totals(suite, tests=max(1, len(findings)), failures=errors, skipped=0)


def _totals(element: ET.Element, *, tests: int, failures: int, skipped: int) -> None:
    for name, number in (("tests", tests), ("failures", failures), ("errors", 0), ("skipped", skipped)):
        element.set(name, str(number))


def _told(finding: Finding) -> str:
    query = f"\n{finding.expr}" if finding.expr else ""
    return f"{finding.file}:{finding.line}: {finding.message}{query}\nremedy: {finding.remedy}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
