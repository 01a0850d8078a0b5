"""Lines that tell which test failed or that a command did, and those that tell nothing."""

from __future__ import annotations

import re

from farm.failure.model import Kind
from farm.failure.rule import rule

SUMMARIES = (
    rule(
        Kind.COMMAND,
        r"^make(?:\[\d+\])?: \*\*\* (?:\[(?P<target>[^]]+)\] )?(?!.*\(ignored\))\S",
        weak=True,
    ),
    rule(Kind.COMMAND, r"^ninja: build stopped|^FAILED: \S", weak=True),
    rule(Kind.COMMAND, r"^(?:error: )?Bad exit status from \S+ \(%(?P<section>\w+)\)", weak=True),
    rule(Kind.COMMAND, r"^error: could not compile ", weak=True),
    rule(
        Kind.COMMAND,
        r"^\S+: error: .*(?:subprocess|returned exit (?:code|status))",
        weak=True,
    ),
)

IGNORED = re.compile(r"^make(?:\[\d+\])?: .*Error \d+ \(ignored\)$")
"""What failed before it was allowed to."""

TEST_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(?:FAIL|ERROR): (?P<name>\S+(?: \([\w.]+\))?)$",  # automake, Python's unittest
        r"^ *\d+/\d+ Test +#\d+: (?P<name>\S+) \.*\** *(?:Failed|Timeout|Exception|Not Run)",
        # meson before 0.57 and after
        r"^ *\d+/\d+ (?P<name>\S.*?) +(?:FAIL|TIMEOUT|ERROR|UNEXPECTEDPASS) ",
        r"^(?:FAILED|ERROR) (?P<name>[^\s:]+\.py(?:::\S+)?)",  # pytest's summary
        r"^test (?P<name>\S+)(?: - should panic)? \.\.\. FAILED$",  # cargo
        r"^ *--- FAIL: (?P<name>\S+)",  # go
        r"^not ok \d+(?: -)? (?P<name>\S[^#]*)(?!.*# *(?:TODO|SKIP|todo|skip))$",  # TAP
        r"^(?P<name>\S+) +\(Wstat: \d+ .*Failed: [1-9]",  # prove
        r"^\[  FAILED  \] (?P<name>[^\s,]+)",  # GoogleTest
        r"^\S+:\d+:[FE]:(?P<name>[^:]+:[^:]+):",  # check
        r"^[│| ]*\[FAIL\] +(?P<name>\S.*?) *$",  # alcotest
    )
)
"""How test runners name a test that failed."""
TEST_HINT = (
    "What the test printed is above this line, or in the test's own log; `farm build --like` runs "
    "it on your machine."
)
TEST_TARGET = re.compile(r"test|check|^run", re.IGNORECASE)
"""A target of make that runs tests."""

_TELLING = (
    *("rror:", "rror ", "rror[", "rror(", "ERROR", "FAIL", "Fail", "ailed", "ailure", "not ok"),
    *("ot found", "ndefined", "annot", "an't", "nable", "nmet", "illed", " found:", "exhausted"),
    *("No ", "no space", "nothing provides", "ultiple definition", "duplicate symbol", "could not"),
    *("ould not", "with -fPIC", "can not", "***", "exceeded", "ninja: ", ".go:", "Bad exit"),
    *("not known", "memory", ":F:", ":E:", "longer than", "TIMEOUT", "Timeout", "nreachable"),
    *("UNEXPECTEDPASS", "dial tcp", "EAI_AGAIN", "NewConnection", "curl: ", "Wstat"),
)
"""What a line has that a rule may match; looking for these is fast."""


def may_tell(line: str) -> bool:
    """Whether it is worth while to try the rules on a line."""
    return any(map(line.__contains__, _TELLING))
