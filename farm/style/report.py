"""Findings as text for people, and as JSON, SARIF and JUnit for CI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any
from xml.etree import ElementTree

from farm.style.finding import Finding
from farm.style.rules import RULES

GUIDE = "docs/style-guide.md"
SARIF_VERSION = "2.1.0"
SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def text_report(findings: Sequence[Finding]) -> str:
    """One paragraph a finding: ``README.md:3: warning: … [readme-test]``, and what to do."""
    lines = []
    for finding in findings:
        lines.append(
            f"{finding.place}: {finding.rule.level}: {finding.message} [{finding.rule.id}]"
        )
        lines.append(f"    {finding.fix}")
    return "".join(f"{line}\n" for line in lines)


def json_report(findings: Sequence[Finding]) -> str:
    """A list of findings as plain objects."""
    return json.dumps({"findings": [_plain(finding) for finding in findings]}, indent=2) + "\n"


def sarif_report(findings: Sequence[Finding]) -> str:
    """A SARIF 2.1.0 log of one run."""
    order = {rule.id: number for number, rule in enumerate(RULES)}
    driver = {
        "name": "farm check",
        "version": version("farm"),
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "defaultConfiguration": {"level": str(rule.level)},
                "help": {"text": f"See {GUIDE}#{rule.id}"},
            }
            for rule in RULES
        ],
    }
    results = [
        {
            "ruleId": finding.rule.id,
            "ruleIndex": order[finding.rule.id],
            "level": str(finding.rule.level),
            "message": {"text": f"{finding.message}\n{finding.fix}"},
            "locations": [{"physicalLocation": _location(finding)}],
        }
        for finding in findings
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": SARIF_SCHEMA, "version": SARIF_VERSION, "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def junit_report(findings: Sequence[Finding], name: str) -> str:
    """A JUnit test suite with a test for each rule."""
    broken: dict[str, list[Finding]] = {}
    for finding in findings:
        broken.setdefault(finding.rule.id, []).append(finding)
    counts = {"tests": str(len(RULES)), "failures": str(len(broken)), "errors": "0"}
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"farm check {name}", **counts})
    for rule in RULES:
        attributes = {"classname": f"farm.check.{name}", "name": rule.id, "time": "0"}
        case = ElementTree.SubElement(suite, "testcase", attributes)
        found = broken.get(rule.id, [])
        if found:
            failure = ElementTree.SubElement(
                case, "failure", {"type": str(rule.level), "message": _xml(found[0].message)}
            )
            failure.text = _xml(text_report(found))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "level": str(finding.rule.level),
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "fix": finding.fix,
        "mechanical": bool(finding.changes),
    }


def _location(finding: Finding) -> dict[str, Any]:
    from urllib.parse import quote

    # A finding on the component as a whole is shown at its directory.
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file or ".")}}
    if finding.line:
        place["region"] = {"startLine": finding.line}
    return place


def _xml(text: str) -> str:
    """Text without the characters that XML cannot hold (XML 1.0, section 2.2)."""
    return "".join(
        c if c in "\t\n" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text
    )
