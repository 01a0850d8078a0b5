"""The first error in the lines of a log, in the words of tools that few machines have all of."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.failure.log import LONGEST_LINE, bounded_lines, first_error_in
from farm.failure.model import MOST_CONTEXT, MOST_MESSAGE, MOST_TESTS, Failure, Kind
from farm.failure.rules import RULES
from farm.failure.search import first_error, plain_line
from farm.failure.signs import SUMMARIES


def found(*lines: str) -> Failure:
    return first_error(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("log", "kind", "message", "line"),
    [
        (
            'File "src/xapi.ml", line 3, characters 4-7:\n3 |   foo ()\n        ^^^\n'
            "Error: Unbound value foo",
            Kind.COMPILER,
            'File "src/xapi.ml", line 3, characters 4-7: Unbound value foo',
            1,
        ),
        (
            "   Compiling demo v1.0.0\nerror[E0425]: cannot find function `nowhere` in this scope\n"
            " --> src/main.rs:1:13\nerror: could not compile `demo` (bin) due to 1 previous error",
            Kind.COMPILER,
            "error[E0425]: cannot find function `nowhere` in this scope",
            2,
        ),
        (
            "test good ... ok\ntest bad ... FAILED\n\nfailures:\n\ntest result: FAILED. 1 passed; 1"
            " failed\n\nerror: test failed, to rerun pass `--lib`",
            Kind.TEST,
            "bad failed",
            2,
        ),
        ("./main.go:5:2: undefined: foo", Kind.COMPILER, "./main.go:5:2: undefined: foo", 1),
        ("Main.hs:3:5: error:\n    Not in scope: x", Kind.COMPILER, "Main.hs:3:5: error:", 1),
        ("t.cpp:7: Error: no such instruction: `x'", Kind.COMPILER, "t.cpp:7: Error: no such", 1),
        ("clang: error: unknown argument: '-fx'", Kind.COMPILER, "unknown argument", 1),
        ("a.java:3: error: ';' expected", Kind.COMPILER, "a.java:3: error: ';' expected", 1),
        ("Can't locate Foo/Bar.pm in @INC (you may", Kind.COMPILER, "Foo/Bar.pm", 1),
        ("ld.lld: error: undefined symbol: f", Kind.LINKER, "undefined symbol: f", 1),
        ("ld.lld: error: unable to find library -lx", Kind.LINKER, "cannot find -lx", 1),
        (
            "The following packages have unmet dependencies:\n"
            " sbuild-build-depends-main-dummy : Depends: libx-dev (>= 9) but it is not installable",
            Kind.DEPENDENCY,
            "unmet dependencies: sbuild-build-depends-main-dummy : Depends: libx-dev (>= 9)",
            1,
        ),
        (
            "dependencies failed: dnf finds no way to install the build dependencies\n"
            "No matching package to install: 'libx-devel'",
            Kind.DEPENDENCY,
            "No matching package to install: 'libx-devel'",
            2,
        ),
        (
            "Error: \n Problem: conflicting requests\n  - nothing provides libx needed by y-1-1",
            Kind.DEPENDENCY,
            "nothing provides libx needed by y-1-1",
            3,
        ),
        ("1/2 one   OK  0.1s\n2/2 core / two   FAIL  0.2s   exit", Kind.TEST, "core / two", 2),
        ("--- FAIL: TestMain (0.00s)", Kind.TEST, "TestMain failed", 1),
        ("ok 1 - one\nnot ok 2 - two", Kind.TEST, "two failed", 2),
        ("[  FAILED  ] Suite.One (0 ms)", Kind.TEST, "Suite.One failed", 1),
        ("t/a.t  (Wstat: 256 Tests: 3 Failed: 1)", Kind.TEST, "t/a.t failed", 1),
        ("a.c:12:F:Core:test_x:0: Assertion", Kind.TEST, "Core:test_x failed", 1),
        ("│ [FAIL]        net          0   Parse address.", Kind.TEST, "Parse address.", 1),
        ("build failed: ran longer than 30 minutes", Kind.TIMEOUT, "longer than 30 minutes", 1),
        ("g++: fatal error: Killed signal terminated program cc1plus", Kind.MEMORY, "Killed", 1),
        ("curl: (6) Could not resolve host: x.org", Kind.NETWORK, "x.org", 1),
        ("error: Bad exit status from /var/tmp/rpm-tmp.x (%build)", Kind.COMMAND, "(%build)", 1),
    ],
)
def test_what_tools_say(log: str, kind: Kind, message: str, line: int) -> None:
    one = first_error(log.splitlines())
    assert (one.kind, one.line) == (kind, line)
    assert message in one.message


def test_what_an_earlier_phase_survived_does_not_count() -> None:
    one = found("==> configure", "conftest.c:1:1: error: x", "==> build", "real.c:2:2: error: y")
    assert (one.message, one.line) == ("real.c:2:2: error: y", 4)


def test_an_earlier_phase_counts_where_the_last_says_nothing() -> None:
    one = found("==> build", "real.c:2:2: error: y", "==> package", "done")
    assert one.line == 2


def test_a_failed_command_of_the_last_phase_goes_before_errors_of_earlier_ones() -> None:
    one = found("==> build", "a.c:2:2: error: y", "==> test", "make: *** [Makefile:3: check] Error")
    assert (one.kind, one.line) == (Kind.COMMAND, 4)


def test_what_tests_print_of_errors_is_not_the_error() -> None:
    one = found("==> test", "x.c:1:1: error: on purpose", "PASS: one", "FAIL: two")
    assert one.tests == ("two",)


def test_a_test_that_does_not_compile_is_a_compilers_error() -> None:
    assert found("==> test", "t.c:1:1: error: real").kind is Kind.COMPILER


def test_a_full_disk_explains_everything_else() -> None:
    assert found("a.c:1:1: error: x", "ld: write: No space left on device").kind is Kind.DISK


def test_a_test_that_is_expected_to_fail_is_none_that_failed() -> None:
    assert found("not ok 1 - one # TODO later", "not ok 2 - two").tests == ("two",)


def test_many_failed_tests_are_counted() -> None:
    one = found(*(f"FAIL: t{number}" for number in range(100)))
    assert one.message == "tests failed: t0, t1, t2, t3 and many more"
    assert len(one.tests) == MOST_TESTS


def test_colours_and_progress_bars_are_left_out() -> None:
    one = found("[1/2]\r[2/2]\r\x1b[1ma.c:1:1:\x1b[0m \x1b[31merror:\x1b[0m x")
    assert one.message == "a.c:1:1: error: x"


def test_the_lines_around_it_are_shown() -> None:
    one = found(*"abcdefgh", "x.c:1:1: error: y", "i", "j")
    assert one.context == ("f", "g", "h", "x.c:1:1: error: y", "i", "j")
    assert one.context_line == 6
    assert ">      9  x.c:1:1: error: y" in one.text


def test_an_empty_log_has_no_line() -> None:
    assert (found().line, found().kind) == (0, Kind.COMMAND)


def test_hints_and_messages_name_only_groups_of_their_patterns() -> None:
    for rule in (*RULES, *SUMMARIES):
        groups = dict.fromkeys(rule.pattern.groupindex, "x")
        assert rule.hint.format(**groups) is not None
        assert rule.message.format(**groups) is not None


WORDS = st.sampled_from(
    [
        *(
            "==> build",
            "==> test",
            "error: ",
            "a.c:1:1: error: x",
            "FAIL: t",
            "configure: error: x",
        ),
        *(
            "make: *** [all] Error 1",
            "make: [all] Error 1 (ignored)",
            "\x1b[31m",
            "\r",
            "\0",
            "{x}",
        ),
        *("CMake Error at {place}:", "dh_install: error: missing files, aborting", "  indented"),
        *("not ok 1 - ", "Error: x", "undefined reference to `{y}'", "No space left on device"),
    ]
)
LINES = st.lists(st.lists(WORDS | st.text(max_size=30), max_size=4).map("".join), max_size=30)


@settings(max_examples=300, deadline=None)
@given(LINES)
def test_every_log_has_an_answer_within_its_bounds(lines: list[str]) -> None:
    one = first_error(lines)
    assert len(one.message) <= MOST_MESSAGE and "\n" not in one.message
    assert len(one.context) <= MOST_CONTEXT
    assert 0 <= one.line <= len(lines) and (one.line > 0) == any(
        plain_line(line).strip() for line in lines
    )
    if one.line:
        assert one.context_line <= one.line < one.context_line + len(one.context)
    assert Failure.model_validate_json(one.model_dump_json()) == one


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 3))
def test_every_file_is_read_line_by_line(content: bytes, long: int) -> None:
    whole = content + b"x" * (LONGEST_LINE * long)
    lines = list(bounded_lines(io.BytesIO(whole)))
    assert len(lines) == whole.count(b"\n") + (bool(whole) and not whole.endswith(b"\n"))
    assert all(len(line) <= LONGEST_LINE for line in lines)


def test_a_long_log_is_read_to_its_end(tmp_path: Path) -> None:

    log = tmp_path / "build.log"
    log.write_bytes(b"cc -c a.c\n" * 200_000 + b"a.c:1:1: error: x\n")
    assert first_error_in(log).line == 200_001
