"""Reports: kept for good, the last of each name counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from repo_publish.errors import PublishError
from repo_publish.line import Line
from repo_publish.qa.intake import take_report
from repo_publish.qa.reports import checked_report, record, reports, verdicts
from tests.manifests import a_line, a_manifest


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return a_line(tmp_path, a_manifest(number=41), a_manifest(number=42))


def test_the_last_report_of_each_name_counts(line: Line) -> None:
    for by, result in (("smoke", "fail"), ("upgrade", "pass"), ("smoke", "pass")):
        record(line, checked_report(snapshot=42, by=by, result=result))

    said = verdicts(reports(line))[42]

    assert {by: report.result for by, report in said.items()} == {
        "smoke": "pass",
        "upgrade": "pass",
    }
    assert [report.result for report in reports(line)] == ["fail", "pass", "pass"]
    assert said["smoke"].at > 0


def test_the_page_of_the_snapshots_shows_verdicts(line: Line) -> None:
    take_report(line, checked_report(snapshot=42, by="smoke", result="fail", url="https://lab/1"))

    page = (line.snapshots / "index.html").read_text()

    assert '<a href="https://lab/1">smoke fail</a>' in page


def test_only_snapshots_that_are_there_can_be_reported_on(line: Line) -> None:
    with pytest.raises(PublishError, match="development/bookworm has no snapshot 43"):
        record(line, checked_report(snapshot=43, by="smoke", result="pass"))


def test_a_line_that_was_never_finished_is_skipped(line: Line) -> None:
    record(line, checked_report(snapshot=42, by="smoke", result="fail"))
    path = line.state / "qa/reports.jsonl"
    path.write_bytes(path.read_bytes() + b'{"snapshot":42,"by":"smo')

    record(line, checked_report(snapshot=42, by="smoke", result="pass"))

    assert [report.result for report in reports(line)] == ["fail", "pass"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "../smoke"},
        {"by": "Smoke test"},
        {"result": "maybe"},
        {"snapshot": 0},
        {"url": "javascript:alert(1)"},
        {"url": 'https://lab/"><script>'},
        {"note": "two\nlines"},
        {"note": "x" * 501},
        {"surprise": 1},
    ],
)
def test_what_is_no_report_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PublishError, match="not a report"):
        checked_report(**{"snapshot": 42, "by": "smoke", "result": "pass", **wrong})
