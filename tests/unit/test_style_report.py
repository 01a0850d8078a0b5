"""Reports for people and for CI."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from farm.style.finding import Finding, Untrack
from farm.style.report import json_report, junit_report, sarif_report, text_report
from farm.style.rules import GENERATED, README_TEST, RULES

FINDINGS = (
    Finding(README_TEST, "does not say how to test it", "Say so.", "Read me.md", 3),
    Finding(GENERATED, "is \x1b made <by> tools", "git rm", "x.o", changes=(Untrack(("x.o",)),)),
    Finding(RULES[0], "there is no README", "Write one."),
)


def test_people_get_place_level_message_rule_and_fix() -> None:
    assert text_report(FINDINGS[:1]) == (
        "Read me.md:3: warning: does not say how to test it [readme-test]\n    Say so.\n"
    )


def test_json_has_every_field() -> None:
    first, second, third = json.loads(json_report(FINDINGS))["findings"]
    assert first == {
        "rule": "readme-test",
        "level": "warning",
        "file": "Read me.md",
        "line": 3,
        "message": "does not say how to test it",
        "fix": "Say so.",
        "mechanical": False,
    }
    assert second["mechanical"] and third["file"] == ""


def test_sarif_has_what_its_schema_requires() -> None:
    log = json.loads(sarif_report(FINDINGS))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(FINDINGS)
    for result in run["results"]:
        check_result(result, rules)


def check_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    """The constraints of sarif-schema-2.1.0.json on a result with a physical location."""
    assert result["message"]["text"]
    assert result["level"] in ("none", "note", "warning", "error")
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    (location,) = result["locations"]
    place = location["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    assert uri and " " not in uri and not uri.startswith("/")
    assert place.get("region", {"startLine": 1})["startLine"] >= 1


def test_junit_has_a_test_for_each_rule_and_survives_control_characters() -> None:
    root = ElementTree.fromstring(junit_report(FINDINGS, "x"))  # noqa: S314 - our own text
    suite = root.find("testsuite")
    assert suite is not None
    assert suite.attrib["tests"] == str(len(RULES)) == str(len(suite.findall("testcase")))
    assert suite.attrib["failures"] == "3"
    failed = [case.attrib["name"] for case in suite if case.find("failure") is not None]
    assert failed == ["readme", "readme-test", "generated"]


def test_nothing_found_is_a_report_too() -> None:
    assert text_report(()) == ""
    assert json.loads(sarif_report(()))["runs"][0]["results"] == []
