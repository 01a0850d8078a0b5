"""Taking a report in: it is kept, and shown on the page of the line's snapshots."""

from __future__ import annotations

import sys

from repo_publish.line import Line
from repo_publish.overview import write_overview
from repo_publish.qa.reports import Report, record


def take_report(line: Line, report: Report) -> Report:
    """Keep a report for good and show it; the report with its time.

    :raises PublishError: the line has no such snapshot.
    """
    kept = record(line, report)
    write_overview(line, sys.stderr)
    return kept
