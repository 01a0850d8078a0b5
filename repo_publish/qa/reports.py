"""What systems under test report of a snapshot: a line each in a file that only grows."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from farm.qa import ReportName
from repo_publish.errors import PublishError
from repo_publish.files import sync_file
from repo_publish.line import Line

Result = Literal["pass", "fail"]
_Url = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s<>\"']+)?$", max_length=500)]
_Note = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=500)]


class Report(BaseModel):
    """One verdict on one snapshot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    snapshot: Annotated[int, Field(ge=1)]
    by: ReportName
    result: Result
    url: _Url = ""
    """Where the details are."""
    note: _Note = ""
    at: int = 0
    """Seconds since 1970."""


def checked_report(**values: object) -> Report:
    """A report made of what somebody sent.

    :raises PublishError: with everything that is wrong.
    """
    try:
        return Report.model_validate(values)
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(map(str, mistake['loc'])) or 'report'}: {mistake['msg']}"
            for mistake in error.errors()
        ]
        raise PublishError("not a report", mistakes) from error


def record(line: Line, report: Report) -> Report:
    """Keep a report for good; the report with its time.

    :raises PublishError: the line has no such snapshot.
    """
    if report.snapshot not in line.numbers():
        raise PublishError(f"{line} has no snapshot {report.snapshot}")
    report = report.model_copy(update={"at": int(time.time())})
    path = _path(line)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        text = report.model_dump_json(exclude_defaults=True) + "\n"
        # A writer that was killed may have left the beginning of a line.
        stream.write(("" if _ends_well(stream.fileno()) else "\n").encode() + text.encode())
        stream.flush()
        os.fsync(stream.fileno())
    sync_file(path.parent)
    return report


def reports(line: Line) -> list[Report]:
    """Every report on the line's snapshots, oldest first."""
    try:
        lines = _path(line).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for text in lines:
        try:
            found.append(Report.model_validate_json(text))
        except ValidationError:
            continue  # the beginning of a line that was never finished
    return found


def verdicts(all_reports: Iterable[Report]) -> dict[int, dict[str, Report]]:
    """Snapshot to who reported last what of it; a later report of the same name replaces one."""
    found: dict[int, dict[str, Report]] = {}
    for report in all_reports:
        found.setdefault(report.snapshot, {})[report.by] = report
    return found


def _path(line: Line) -> Path:
    return line.state / "qa" / "reports.jsonl"


def _ends_well(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
