"""The first error is found in what real tools print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from farm.failure.log import first_error_in
from tests.failing_projects import CASES, Case, failing_log

pytestmark = pytest.mark.real


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_first_error_of_a_real_log_is_found(case: Case, tmp_path: Path) -> None:
    log = failing_log(case, tmp_path)
    found = first_error_in(log)
    text = log.read_text(errors="replace")
    assert (found.kind, case.message in found.message) == (case.kind, True), f"{found.text}\n{text}"
    assert case.hint in found.hint
    if case.tests:
        assert found.tests == case.tests
    shown = found.context[found.line - found.context_line]
    assert shown.strip() in text.splitlines()[found.line - 1].expandtabs(4), "the line is that one"


MEASURE = """
import resource, sys, time
import subprocess
import sys
from pathlib import Path
from farm.failure.log import bounded_lines, first_error_in
log = Path(sys.argv[1])
began = time.process_time()
with log.open("rb") as file:
    lines = sum(1 for _ in bounded_lines(file))
reading = time.process_time() - began
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
found = first_error_in(log)
assert found.line == lines, found
grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print((time.process_time() - began) / reading, grown_kb)
"""
MOST_TIMES_READING = 200
MOST_GROWN_KB = 10_000


@pytest.mark.parametrize(
    "line",
    [
        "cc -DHAVE_CONFIG_H -I. -O2 -g -Wall -Werror=format-security -c foo.c -o foo.o\n",
        "checking for frobnicate in -lfoo, not found; memory FAILED, cannot error: or so\n",
    ],
    ids=["usual", "every line looks like an error"],
)
def test_a_log_of_50_mb_takes_a_bounded_multiple_of_reading_it(line: str, tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text(line * (50_000_000 // len(line)) + "foo.c:1:2: error: at last\n")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(log)], capture_output=True, text=True, check=True
    )
    times_reading, grown_kb = map(float, done.stdout.split())
    assert times_reading < MOST_TIMES_READING
    assert grown_kb < MOST_GROWN_KB
